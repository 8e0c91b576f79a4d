/** The line to the kernel and what is known of it: answers, errors, silence, a kernel that dies and comes back. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUSY_AFTER } from "../src/bridge";
import type { Draft } from "../src/drafts";
import { Store } from "../src/store";
import { FakeModel, settle, stateOf } from "./fake_model";

const VIEW = {};
const ROW = { frame: 0, track_id: 1, xy: [[10, 10] as const, [20, 20] as const, null] };
const DRAFT: Draft = { what: "keypoint", frame: 0, track_id: 1, k: 0, xy: [15, 16], visibility: 2 };
const CORRECT = { frame: 0, track_id: 1, keypoint: "nose", xy: [15, 16] as [number, number], visibility: 2 };
let model: FakeModel;
let store: Store;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  store = new Store(model);
});
afterEach(() => {
  store.close();
  vi.useRealTimers();
});

async function ready(): Promise<void> {
  model.welcome();
  await settle();
  store.show(VIEW, 0);
  model.poses(1, [ROW]);
  await settle();
}
const noseAt = () => store.peopleAt(0)?.get(1)?.xy[0];

describe("hello", () => {
  it("is said at once, and the welcome makes the store ready", async () => {
    expect(model.sent.map((m) => m.kind)).toEqual(["hello"]);
    expect(store.bridge.link.value).toBe("connecting");
    await ready();
    expect(store.bridge.link.value).toBe("ready");
    expect(store.clip.value!.times[10]).toBeCloseTo(1);
    expect(store.canEdit.value).toBe(true);
    expect(noseAt()).toBe(10);
  });

  it("to a kernel of another version is answered in words", async () => {
    model.answer("hello", { kind: "error", code: "version", message: "Expected version 2; reload." });
    await settle();
    expect(store.refused.value).toBe("Expected version 2; reload.");
    expect(store.canEdit.value).toBe(false);
  });

  it("welcomes of other pages are none of ours", async () => {
    const { rid } = model.last("hello");
    model.receive({ kind: "ok", rid, client: "somebody else" });
    await settle();
    expect(store.bridge.link.value).toBe("connecting");
  });
});

describe("an edit", () => {
  it("is drawn before it is answered, and stays until the kernel's poses include it", async () => {
    await ready();
    void store.edit("correct", CORRECT, DRAFT);
    expect([noseAt(), store.saving.value]).toEqual([15, 1]);
    expect(model.last("edit")).toMatchObject({ action: "correct", args: CORRECT, base: 1 });
    model.answer("edit", { kind: "done", revision: 2, result: null });
    await settle();
    expect([noseAt(), store.saving.value]).toEqual([15, 0]);
    model.changed(2, [[0, 0]], [1], [{ ...ROW, xy: [[15.5, 16], null, null] }]);
    expect(noseAt()).toBe(15.5);
  });

  it("is drawn once when the change comes before the answer", async () => {
    await ready();
    void store.edit("correct", CORRECT, DRAFT);
    model.changed(2, [[0, 0]], [1], [{ ...ROW, xy: [[15.5, 16], null, null] }]);
    expect(noseAt()).toBe(15);
    model.answer("edit", { kind: "done", revision: 2, result: null });
    await settle();
    expect(noseAt()).toBe(15.5);
  });

  it("that is refused goes back, with the kernel's sentence", async () => {
    await ready();
    const result = store.edit("correct", CORRECT, DRAFT);
    model.answer("edit", { kind: "error", code: "value", message: "Expected xy on the image." });
    expect(await result).toBeUndefined();
    expect(noseAt()).toBe(10);
    expect(store.notice.value).toEqual({ level: "error", text: "Expected xy on the image." });
  });

  it("that another session answers makes the page say hello again", async () => {
    await ready();
    void store.edit("correct", CORRECT, DRAFT);
    const before = model.count("hello");
    model.answer("edit", { kind: "error", code: "stale", message: "Another session answers here now." });
    await settle();
    expect(model.count("hello")).toBe(before + 1);
  });

  it("gives back what the kernel made", async () => {
    await ready();
    const result = store.edit("split", { track_id: 1, frame: 4 });
    model.answer("edit", { kind: "done", revision: 2, result: 7 });
    expect(await result).toBe(7);
  });

  it("of another page arrives as a change", async () => {
    await ready();
    model.changed(5, [[0, 3]], [1], [{ ...ROW, xy: [[99, 9], null, null] }]);
    expect([noseAt(), store.state.value!.revision]).toEqual([99, 5]);
  });

  it("too large to send is fetched for what is shown", async () => {
    await ready();
    const before = model.count("poses");
    model.changed(3, [[0, 39]], [1, 2], null);
    expect(model.count("poses")).toBe(before + 1);
    expect(noseAt()).toBe(10);
    model.poses(3, [{ ...ROW, xy: [[31, 1], null, null] }]);
    await settle();
    expect(noseAt()).toBe(31);
  });
});

describe("poses that cannot be had", () => {
  it("are asked for again after a while", async () => {
    await ready();
    model.changed(3, [[0, 39]], [1], null);
    const before = model.count("poses");
    model.answer("poses", { kind: "error", code: "busy", message: "Too much." });
    await settle();
    expect([model.count("poses"), store.notice.value]).toEqual([before, null]);
    vi.advanceTimersByTime(1100);
    expect(model.count("poses")).toBe(before + 1);
  });
});

describe("jobs", () => {
  const finished = {
    kind: "finished",
    job: 4,
    what: "propagate",
    frames: 3,
    keypoints: 9,
    seconds: 0.1,
    track_ids: [1],
  };

  it("show progress until they end, in words", async () => {
    await ready();
    model.receive({ kind: "progress", job: 4, what: "propagate", done: 3, total: 10, text: "frame 3" });
    expect(store.jobs.value.get(4)).toMatchObject({ done: 3, total: 10 });
    model.receive({ ...finished, stopped: "" });
    expect(store.jobs.value.size).toBe(0);
    expect(store.notice.value!.text).toBe("9 keypoints in 3 frames changed.");
  });

  it("that found nothing to carry are news only if they were asked for here", async () => {
    await ready();
    const nothing = { ...finished, frames: 0, keypoints: 0, stopped: "" };
    model.receive(nothing);
    expect(store.notice.value).toBeNull();
    void store.propagate({ frame: null, direction: "forward" });
    model.receive(nothing);
    expect(store.notice.value!.text).toBe("Nothing to propagate.");
    store.say("info", "");
    model.receive(nothing);
    expect(store.notice.value!.text).toBe("");
  });

  it("that gave way to another are not worth a word, those stopped by hand are", async () => {
    await ready();
    model.receive({ ...finished, stopped: "cancelled" });
    expect(store.notice.value).toBeNull();
    void store.cancel(null);
    model.receive({ ...finished, stopped: "cancelled" });
    expect(store.notice.value!.text).toContain("Stopped; what was done stays.");
  });

  it("that fail say so", async () => {
    await ready();
    model.receive({ kind: "failed", job: 4, what: "propagate", message: "No space left." });
    expect(store.notice.value).toEqual({ level: "error", text: "No space left." });
  });
});

describe("silence", () => {
  it("of half a second is called busy, until the answer comes", async () => {
    await ready();
    void store.cancel(null);
    vi.advanceTimersByTime(BUSY_AFTER - 100);
    expect(store.bridge.busy.value).toBe(false);
    vi.advanceTimersByTime(700);
    expect(store.bridge.busy.value).toBe(true);
    model.answer("cancel", { kind: "ok" });
    await settle();
    vi.advanceTimersByTime(300);
    expect(store.bridge.busy.value).toBe(false);
  });
});

describe("a kernel that is gone", () => {
  it("is noticed when something is sent; what waited is given up", async () => {
    await ready();
    const waiting = store.edit("correct", CORRECT, DRAFT);
    model.dead = true;
    void store.cancel(null);
    expect(await waiting).toBeUndefined();
    expect([store.bridge.link.value, store.canEdit.value, store.saving.value]).toEqual(["dead", false, 0]);
    expect(noseAt()).toBe(10);
  });

  it("is noticed when the comm is closed and nobody answers", async () => {
    await ready();
    model.fire("comm:close");
    expect(model.sent.at(-1)!.kind).toBe("ping");
    vi.advanceTimersByTime(3000);
    expect(store.bridge.link.value).toBe("dead");
  });

  it("is not gone if it answers after all", async () => {
    await ready();
    model.fire("comm_live_update");
    model.answer("ping", { kind: "ok" });
    await settle();
    vi.advanceTimersByTime(5000);
    expect(store.bridge.link.value).toBe("ready");
  });

  it("is greeted again until it answers, and then everything is fetched anew", async () => {
    await ready();
    model.dead = true;
    void store.cancel(null);
    await settle();
    model.dead = false;
    const before = model.count("hello");
    vi.advanceTimersByTime(1100);
    expect(model.count("hello")).toBe(before + 1);
    model.welcome({ revision: 9 });
    await settle();
    expect([store.bridge.link.value, store.state.value!.revision]).toEqual(["ready", 9]);
    expect(noseAt()).toBeUndefined();
    model.poses(9, [{ ...ROW, xy: [[77, 7], null, null] }]);
    await settle();
    expect(noseAt()).toBe(77);
    const greeted = model.count("hello");
    vi.advanceTimersByTime(60_000);
    expect(model.count("hello")).toBe(greeted);
  });
});

describe("bad messages", () => {
  it("are told to the user and change nothing", async () => {
    await ready();
    model.receive({ kind: "explode" });
    expect(store.notice.value!.text).toMatch(/Expected a message of protocol 1, got unknown kind "explode"/);
    model.receive({ kind: "error", rid: null, client: null, code: "unknown", message: "What was that?" });
    expect(store.notice.value!.text).toBe("What was that?");
    model.receive({
      kind: "changed",
      revision: 2,
      action: "correct",
      frames: [[0, 0]],
      track_ids: [1],
      state: stateOf(),
      n: 3,
    });
    expect(store.notice.value!.text).toMatch(/Expected pose buffers/);
    expect(noseAt()).toBe(10);
  });
});

describe("leaving", () => {
  it("takes all listeners and timers along", async () => {
    await ready();
    store.close();
    expect(model.listening).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    await expect(store.edit("undo", {})).resolves.toBeUndefined();
  });
});
