/** Pictures: what is asked for, in which order, how much at once, and what happens when it does not come. */

import { signal } from "@preact/signals-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bridge } from "../src/bridge";
import { FrameStore } from "../src/frames";
import { CHUNK, IN_FLIGHT } from "../src/prefetch";
import { settle } from "./fake_model";

const VIEW = {};
interface Asked {
  want: number[];
  size: string;
  answer(frames?: number[]): void;
  refuse(): void;
}
let asked: Asked[];
let frames: FrameStore;
let closed: number;
let ready: number[];

beforeEach(() => {
  vi.useFakeTimers();
  closed = 0;
  vi.stubGlobal("createImageBitmap", async () => ({ close: () => closed++ }));
  asked = [];
  ready = [];
  const bridge = {
    link: signal("ready"),
    request: ({ want, size }: { want: number[]; size: string }) =>
      new Promise((resolve, reject) => {
        asked.push({
          want,
          size,
          answer: (got = want) =>
            resolve([{ frames: got, size }, got.map(() => new DataView(new ArrayBuffer(50_000)))]),
          refuse: () => reject(new Error("no")),
        });
      }),
  };
  frames = new FrameStore(bridge as unknown as Bridge, 200, true);
  frames.onReady = (frame) => ready.push(frame);
});
afterEach(() => {
  frames.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const at = (frame: number, direction: 1 | -1 = 1) => frames.follow(VIEW, { frame, direction, rate: 0, jumping: false });

describe("pictures", () => {
  it("are asked for in chunks, the one on screen first, and never too many at once", async () => {
    at(10);
    expect(asked[0]!.want).toEqual([10, 11]);
    expect(asked).toHaveLength(IN_FLIGHT);
    expect(asked[1]!.want).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    expect(asked.every((a) => a.want.length <= CHUNK)).toBe(true);
    asked[0]!.answer();
    await settle();
    expect(asked).toHaveLength(IN_FLIGHT + 1);
    expect([frames.ready(10), ready]).toEqual([true, [10, 11]]);
  });

  it("that are suddenly wanted overtake those that were to come", () => {
    at(10);
    at(150);
    expect(asked).toHaveLength(IN_FLIGHT + 1);
    expect(asked.at(-1)!.want[0]).toBe(150);
    at(60);
    expect(asked).toHaveLength(IN_FLIGHT + 1);
  });

  it("are not asked for twice", async () => {
    for (let round = 0; round < 40; round++) {
      at(10);
      asked[round]?.answer();
      await settle();
    }
    const all = asked.flatMap((a) => a.want);
    expect(new Set(all).size).toBe(all.length);
    expect(Math.min(...all)).toBe(0);
    expect(Math.max(...all)).toBe(42);
  });

  it("that do not come are asked for again after a while, not at once", async () => {
    at(10);
    asked[0]!.refuse();
    asked[1]!.answer([12, 13]);
    await settle();
    expect(asked.slice(3).flatMap((a) => a.want)).not.toContain(10);
    vi.advanceTimersByTime(1100);
    asked[2]!.answer();
    await settle();
    expect(asked.slice(3).flatMap((a) => a.want)).toContain(10);
  });

  it("are previews while the line is slow and the view moves, and full at rest", async () => {
    at(0);
    vi.advanceTimersByTime(2000);
    for (const a of asked) a.answer();
    await settle();
    frames.follow(VIEW, { frame: 100, direction: 1, rate: 30, jumping: true });
    expect(asked.at(-1)!.size).toBe("preview");
    for (const a of asked) a.answer();
    await settle();
    expect(frames.picture(100)!.size).toBe("preview");
    at(100);
    expect(asked.find((a) => a.size === "full" && a.want.includes(100))).toBeDefined();
    for (const a of asked) a.answer();
    await settle();
    frames.picture(100);
    await settle();
    expect(frames.picture(100)!.size).toBe("full");
  });

  it("are few in memory, and all let go at the end", async () => {
    for (let frame = 0; frame < 120; frame += 3) {
      at(frame);
      for (const a of asked) a.answer();
      await settle();
    }
    const held = [...Array(200).keys()].filter((f) => frames.ready(f)).length;
    expect(held).toBeLessThanOrEqual(24);
    frames.close();
    expect(closed).toBeGreaterThan(100);
    expect([...Array(200).keys()].some((f) => frames.ready(f))).toBe(false);
  });

  it("asked of a kernel that was restarted are asked for again", () => {
    at(10);
    const before = asked.length;
    frames.restart();
    expect(asked.slice(before).flatMap((a) => a.want)).toContain(10);
  });
});
