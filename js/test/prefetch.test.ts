import { describe, expect, it } from "vitest";
import { type Cursor, chooseSize, LinkMeter, Lru, moved, wanted } from "../src/prefetch";

const REST: Cursor = { frame: 50, direction: 1, rate: 0, jumping: false };

describe("which frames are wanted", () => {
  it("the one on screen first, then ahead in the direction of travel, then behind", () => {
    expect(wanted([REST], 100, 3, 2)).toEqual([50, 51, 52, 53, 49, 48]);
    expect(wanted([{ ...REST, direction: -1 }], 100, 3, 2)).toEqual([50, 49, 48, 47, 51, 52]);
  });

  it("none outside the video, each once, and two views take turns", () => {
    expect(wanted([{ ...REST, frame: 0 }], 3, 5, 5)).toEqual([0, 1, 2]);
    expect(wanted([REST, { ...REST, frame: 80 }], 100, 2, 0)).toEqual([50, 80, 51, 81, 52, 82]);
    expect(wanted([], 100)).toEqual([]);
  });
});

describe("how a cursor moves", () => {
  it("knows its direction and speed", () => {
    const on = moved(REST, 51, 1033, 1000);
    expect(on).toMatchObject({ frame: 51, direction: 1, jumping: false });
    expect(on.rate).toBeCloseTo(30.3, 1);
    expect(moved(REST, 20, 1033, 1000)).toMatchObject({ direction: -1, jumping: true });
  });

  it("one step after a pause is no movement, and no step is none", () => {
    expect(moved(REST, 51, 5000, 1000).rate).toBe(0);
    expect(moved(REST, 50, 1001, 1000)).toBe(REST);
    expect(moved(REST, 51, 1000, 1000).rate).toBeLessThanOrEqual(240);
  });
});

describe("how large", () => {
  const fast = { bytesPerSecond: 40e6, bytesPerFrame: 80e3 };
  const slow = { bytesPerSecond: 1e6, bytesPerFrame: 80e3 };
  const playing: Cursor = { ...REST, rate: 30 };

  it("full at rest, whatever the line", () => {
    expect(chooseSize(REST, slow, true)).toBe("full");
  });
  it("what keeps up while moving", () => {
    expect(chooseSize(playing, fast, true)).toBe("full");
    expect(chooseSize(playing, slow, true)).toBe("preview");
    expect(chooseSize({ ...playing, jumping: true }, slow, true)).toBe("preview");
    expect(chooseSize({ ...playing, jumping: true }, fast, true)).toBe("full");
  });
  it("full where a preview would not be smaller, or nothing is known yet", () => {
    expect(chooseSize(playing, slow, false)).toBe("full");
    expect(chooseSize(playing, { bytesPerSecond: 0, bytesPerFrame: 0 }, true)).toBe("full");
  });
});

describe("the speed of the line", () => {
  const piece = (bytes: number) => [new Uint8Array(bytes / 2), new Uint8Array(bytes / 2)];

  it("is that at which answers come one after the other, however many wait", () => {
    const meter = new LinkMeter();
    for (let i = 1; i <= 6; i++) meter.took(0, 100 * i, piece(10_000), "full"); // all asked at once
    expect(meter.speed).toEqual({ bytesPerSecond: expect.closeTo(100_000), bytesPerFrame: expect.closeTo(5000) });
  });

  it("does not count pauses in which nothing was asked, and forgets", () => {
    const meter = new LinkMeter();
    meter.took(0, 1000, piece(10_000), "full");
    for (let i = 1; i <= 30; i++) meter.took(10_000 * i, 10_000 * i + 10, piece(10_000), "full");
    expect(meter.speed.bytesPerSecond).toBeGreaterThan(900_000);
    expect(new LinkMeter().speed).toEqual({ bytesPerSecond: 0, bytesPerFrame: 0 });
  });
});

describe("cache", () => {
  it("lets go of what was used longest ago, and never of what was just put in", () => {
    const dropped: string[] = [];
    const cache = new Lru<string>(
      10,
      (v) => v.length,
      (v) => dropped.push(v),
    );
    cache.set(1, "aaaa");
    cache.set(2, "bbbb");
    cache.get(1);
    cache.set(3, "cccc");
    expect([cache.has(1), cache.has(2), cache.has(3)]).toEqual([true, false, true]);
    cache.set(4, "d".repeat(50));
    expect([cache.has(1), cache.has(3), cache.has(4)]).toEqual([false, false, true]);
    expect(dropped).toEqual(["bbbb", "aaaa", "cccc"]);
    expect(cache.size).toBe(50);
  });

  it("counts what it holds through replacing, deleting and clearing", () => {
    const cache = new Lru<string>(100, (v) => v.length);
    cache.set(1, "aaaa");
    cache.set(1, "a");
    expect(cache.size).toBe(1);
    cache.delete(9);
    cache.set(2, "bb");
    cache.delete(1);
    expect(cache.size).toBe(2);
    cache.clear();
    expect([cache.size, cache.get(2)]).toEqual([0, undefined]);
  });
});
