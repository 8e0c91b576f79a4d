/** The timeline without a page: time, lanes, ranges, jumps, and what is asked of the kernel when. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sureColour } from "../src/draw/lanes";
import { Editor } from "../src/editor";
import { gapBeside, inTime, issueBeside } from "../src/jumps";
import {
  ANCHOR,
  CARRIED,
  decodeLanes,
  type LaneTable,
  laneAt,
  layoutOf,
  overflow,
  rowAt,
  scrolledTo,
} from "../src/lanes";
import { editOf, explanation } from "../src/prompt";
import type { Issue, Lanes } from "../src/protocol";
import { Store } from "../src/store";
import { GUTTER, HEAD } from "../src/timeline";
import { frameAt, including, panned, ticks, whole, xOf, zoomed } from "../src/timespan";
import { FakeModel, personOf, settle, stateOf } from "./fake_model";
import { random } from "./random";

const issue = (n: number, frame: number, rest: Partial<Issue> = {}): Issue => ({
  issue: n,
  frame,
  frame_end: frame,
  track_id: 1,
  keypoint: null,
  kind: "jump",
  severity: 0.5,
  reason: "it jumped",
  ...rest,
});

describe("the next gap", () => {
  const lanes = (...rows: number[][]): LaneTable => ({
    first: 0,
    stop: 10,
    bins: rows[0]!.length,
    track_ids: rows.map((_, i) => i + 1),
    sure: new Uint8Array(rows.flat()),
    marks: new Uint8Array(rows.flat().length),
  });
  const one = lanes([9, 9, 0, 0, 9, 9, 0, 9, 9, 9], [9, 9, 9, 0, 9, 9, 9, 9, 9, 9]);
  it("begins after here, or ends before here, and not the one that one is in", () => {
    expect([0, 2, 3, 4, 7].map((f) => gapBeside(one, 1, f, 1))).toEqual([2, 6, 6, 6, null]);
    expect([9, 6, 3, 1].map((f) => gapBeside(one, 1, f, -1))).toEqual([6, 3, null, null]);
  });
  it("is where nobody is, of nobody in particular", () => {
    expect(gapBeside(one, null, 0, 1)).toBe(3);
    expect(gapBeside(one, null, 9, -1)).toBe(3);
  });
  it("is as fine as the table", () => {
    expect(gapBeside(lanes([9, 9, 0, 9, 9]), 1, 0, 1)).toBe(4);
    expect(gapBeside(lanes([9, 9, 0, 9, 9]), 1, 9, -1)).toBe(5);
  });
});

describe("time", () => {
  it("gives every frame its place, at any zoom", () => {
    const next = random(5);
    for (let i = 0; i < 300; i++) {
      const n = 1 + Math.floor(20000 * next());
      let time = whole(n);
      for (let k = 0; k < 4; k++) {
        time = zoomed(time, 8 ** (2 * next() - 0.7), 800 * next(), 800, n);
        time = panned(time, (next() - 0.5) * n, n);
      }
      expect(time.first).toBeGreaterThanOrEqual(0);
      expect(time.first + time.span).toBeLessThanOrEqual(n + 1e-6);
      const frame = Math.ceil(time.first + next() * Math.max(0, time.span - 2));
      expect(frameAt(xOf(frame + 0.5, time, 800), time, 800, n)).toBe(Math.min(n - 1, frame));
    }
  });

  it("keeps what is under the pointer where it is, while there is room", () => {
    const time = { first: 4000, span: 1000 };
    const frame = 4000 + 1000 * (200 / 800);
    expect(xOf(frame, zoomed(time, 3, 200, 800, 10000), 800)).toBeCloseTo(200);
    expect(xOf(frame, zoomed(time, 0.5, 200, 800, 10000), 800)).toBeCloseTo(200);
    expect(zoomed(time, 1e-9, 200, 800, 10000)).toEqual(whole(10000));
    expect(zoomed(time, 1e9, 200, 800, 10000).span).toBe(12);
  });

  it("turns the page only when a frame is not in view", () => {
    const time = { first: 100, span: 50 };
    expect(including(time, 149, 1000)).toBe(time);
    for (const frame of [0, 99, 150, 999]) {
      const { first, span } = including(time, frame, 1000);
      expect(first).toBeLessThanOrEqual(frame);
      expect(first + span).toBeGreaterThanOrEqual(frame + 1);
    }
  });

  it("writes round numbers with room between them", () => {
    for (const span of [12, 67, 999, 10000]) {
      const time = { first: 3, span };
      const x = ticks(time, 700).map((f) => xOf(f, time, 700));
      expect(x.length).toBeGreaterThan(1);
      for (let i = 1; i < x.length; i++) expect(x[i]! - x[i - 1]!).toBeGreaterThanOrEqual(63.9);
    }
  });
});

const answer = (rest: Partial<Lanes> = {}): Lanes => ({
  kind: "lanes",
  rid: 1,
  client: "c",
  revision: 1,
  first: 10,
  stop: 30,
  bins: 4,
  track_ids: [2, 7],
  ...rest,
});

describe("lanes", () => {
  it("say how sure somebody is at a frame, and what is there", () => {
    const sure = Uint8Array.of(255, 0, 128, 1, 1, 1, 1, 1);
    const marks = Uint8Array.of(ANCHOR | CARRIED, 0, 0, 0, 0, 0, 0, 0);
    const table = decodeLanes(answer(), [sure, marks]);
    expect(laneAt(table, 2, 10)).toEqual({ sure: 1, marks: ANCHOR | CARRIED });
    expect(laneAt(table, 2, 14)!.sure).toBe(1);
    expect(laneAt(table, 2, 15)).toBeNull();
    expect(laneAt(table, 2, 20)!.sure).toBeCloseTo(0.5, 2);
    for (const [id, frame] of [
      [2, 9],
      [2, 30],
      [3, 12],
    ] as const)
      expect(laneAt(table, id, frame)).toBeNull();
    expect(() => decodeLanes(answer(), [sure, marks.subarray(1)])).toThrow(/Expected lanes of 8 bytes, got 8 and 7/);
  });

  it("are scrolled when there are more than fit, and each can be reached", () => {
    for (const n of [1, 3, 8, 20, 60]) {
      const layout = layoutOf(n, 22, 74);
      expect(layout.height).toBeGreaterThanOrEqual(7);
      for (let row = 0; row < n; row++) {
        const scroll = scrolledTo(row, n, row % 2 ? 0 : overflow(n, layout), layout);
        const y = layout.top + row * layout.each - scroll;
        expect(y).toBeGreaterThanOrEqual(layout.top);
        expect(y + layout.height).toBeLessThanOrEqual(layout.top + layout.room);
        expect(rowAt(y + 1, n, scroll, layout)).toBe(row);
      }
    }
    expect(rowAt(5, 3, 0, layoutOf(3, 22, 74))).toBeNull();
    expect(rowAt(95, 3, 0, layoutOf(3, 22, 74))).toBeNull();
  });

  it("go from orange to blue", () => {
    for (const v of [0, 0.3, 1]) for (const c of sureColour(v)) expect(c >= 0 && c <= 255).toBe(true);
    expect(sureColour(0.1)[0]).toBeGreaterThan(sureColour(0.1)[2]);
    expect(sureColour(0.9)[2]).toBeGreaterThan(sureColour(0.9)[0]);
  });
});

describe("issues in time", () => {
  const list = inTime([issue(1, 30), issue(2, 5), issue(3, 30), issue(4, 8, { kind: "crossing" })], null);
  it("are gone through one by one, also at one frame", () => {
    expect(list.map((i) => i.issue)).toEqual([2, 4, 1, 3]);
    expect(issueBeside(list, null, 8, 1)!.issue).toBe(1);
    expect(issueBeside(list, list[2]!, 30, 1)!.issue).toBe(3);
    expect(issueBeside(list, list[2]!, 30, -1)!.issue).toBe(4);
    expect(issueBeside(list, list[3]!, 30, 1)).toBeUndefined();
    expect(issueBeside(list, list[3]!, 6, -1)!.issue).toBe(2);
    expect(inTime(list, "crossing").map((i) => i.issue)).toEqual([4]);
  });
});

describe("one view", () => {
  let model: FakeModel;
  let store: Store;
  let editor: Editor;
  const asked = () =>
    model.sent.filter((m) => m.kind === "lanes") as unknown as { first: number; stop: number; bins: number }[];
  const answerLanes = async (sure = 200) => {
    for (const m of model.sent.filter((s) => s.kind === "lanes") as unknown as (Lanes & { done?: true })[]) {
      if (m.done) continue;
      m.done = true;
      const size = 2 * m.bins;
      const bytes = [new Uint8Array(size).fill(sure), new Uint8Array(size)].map((b) => new DataView(b.buffer));
      const { rid, client, first, stop, bins } = m;
      model.receive(answer({ rid, client, first, stop, bins, track_ids: [1, 2] }), bytes);
    }
    await settle();
  };
  const answerIssues = async (...issues: Issue[]) => {
    model.answer("issues", { kind: "issues", issues, n_open: issues.length });
    await settle();
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal("createImageBitmap", async () => ({ close: () => {} }));
    model = new FakeModel();
    store = new Store(model);
    editor = new Editor(store);
    model.welcome(
      { people: [personOf(1, { last: 700, anchors: [20] }), personOf(2, { first: 300, last: 999 })] },
      1000,
    );
    await settle();
    editor.timeline.resize(GUTTER + 500, 104);
  });
  afterEach(() => {
    editor.close();
    store.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("asks for the whole once, and for what it shows after a pause", async () => {
    expect(asked()).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(asked()).toMatchObject([{ first: 0, stop: 1000 }]);
    expect(model.count("issues")).toBe(1);
    await answerLanes();
    expect(editor.timeline.at(1, 500)!.sure).toBeCloseTo(199 / 254);
    for (let i = 0; i < 10; i++) editor.timeline.zoom(1.25, GUTTER + 250);
    vi.advanceTimersByTime(300);
    const [, fine, more] = asked();
    expect(more).toBeUndefined();
    expect(fine!.bins).toBe(fine!.stop - fine!.first);
    expect(editor.timeline.time.value.first).toBeGreaterThan(fine!.first);
  });

  it("asks anew once after a burst of changes, and never twice at a time", async () => {
    vi.advanceTimersByTime(300);
    for (let r = 2; r < 12; r++) {
      model.changed(r, [[3, 3]], [1], null);
      editor.timeline.follow();
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(2000);
    expect(asked()).toHaveLength(1); // the first has no answer yet
    await answerLanes();
    await answerIssues();
    vi.advanceTimersByTime(600);
    expect(asked()).toHaveLength(2);
    expect(model.count("issues")).toBe(2);
  });

  it("says whose lane and which issue is pointed at", async () => {
    vi.advanceTimersByTime(300);
    await answerIssues(issue(5, 400, { track_id: 2, kind: "crossing", track_id_b: 1 }), issue(6, 100));
    const { timeline } = editor;
    expect(timeline.point(GUTTER + 250, 3)).toMatchObject({ frame: 500, track_id: null, part: "ruler" });
    expect(timeline.point(3, HEAD + 2)).toMatchObject({ track_id: 1, part: "number" });
    expect(timeline.point(GUTTER + 51, HEAD + 2).issue!.issue).toBe(6);
    expect(timeline.point(GUTTER + 201, HEAD + 2).issue!.issue).toBe(5);
    expect(timeline.point(GUTTER + 201, HEAD + 20)).toMatchObject({ track_id: 2, issue: { issue: 5 } });
    expect(timeline.point(GUTTER + 120, HEAD + 2).issue).toBeNull();
    expect(timeline.point(GUTTER + 120, 102).part).toBe("bar");
  });

  it("jumps to issues, crossings, and where tracks start and end", async () => {
    vi.advanceTimersByTime(300);
    await answerIssues(issue(5, 400, { track_id: 2, kind: "crossing" }), issue(6, 100));
    const went = (command: keyof Editor["commands"]) => {
      editor.commands[command]();
      return editor.nav.frame.value;
    };
    expect(went("next issue in time")).toBe(100);
    expect([editor.selected.value, editor.review.issue.value!.issue]).toEqual([1, 6]);
    expect(went("next crossing")).toBe(400);
    expect(went("next crossing")).toBe(400);
    expect(store.notice.value!.text).toBe("No crossing after this frame.");
    expect(went("previous issue in time")).toBe(100);
    editor.select(null);
    expect([went("next track end"), went("next track end"), went("next track end")]).toEqual([300, 700, 999]);
    expect(store.notice.value!.text).toBe("Person 2 ends here.");
    editor.select(1);
    expect(went("previous track end")).toBe(700);
  });

  it("marks a range by keys, and forgets it with Esc before the selection", () => {
    editor.select(1);
    editor.nav.goTo(40);
    editor.commands["range end"]();
    editor.nav.goTo(30);
    editor.commands["range start"]();
    expect(editor.timeline.range.value).toEqual([30, 40]);
    editor.nav.goTo(60);
    editor.commands["range start"]();
    expect(editor.timeline.range.value).toEqual([60, 60]);
    editor.commands.escape();
    expect([editor.timeline.range.value, editor.selected.value]).toEqual([null, 1]);
    editor.commands["propagate range"]();
    expect(store.notice.value!.text).toMatch(/Select a range first/);
  });

  it("forgets the range when another video comes", () => {
    editor.timeline.select(3, 9);
    model.answer("hello", { kind: "error", code: "value", message: "" });
    store.clip.value = { ...store.clip.value!, video: { ...store.clip.value!.video, n_frames: 50 } };
    editor.timeline.follow();
    expect([editor.timeline.range.value, editor.timeline.time.value]).toEqual([null, whole(50)]);
  });
});

describe("deleting in a range", () => {
  it("says so, and does so", () => {
    const prompt = { kind: "delete" as const, frame: 5, track_id: 1, other: null, scope: [10, 20] as [number, number] };
    expect(explanation(prompt, [personOf(1)])).toBe("They are taken out in frames 10 to 20.");
    expect(editOf(prompt, stateOf())).toEqual(["delete", { track_id: 1, frame: 5, scope: [10, 20] }]);
  });
});
