/** Looking back at a propagation: old poses, what is taken back, and what is asked when. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodePoses } from "../src/codec";
import { Editor } from "../src/editor";
import { earlier } from "../src/ghosts";
import { countFrames, difference } from "../src/lookback";
import type { FramePoses, Pose } from "../src/poses";
import { Store } from "../src/store";
import { FakeModel, settle } from "./fake_model";
import { type Row, rowsOf } from "./setup";

let model: FakeModel;
let store: Store;
let editor: Editor;

beforeEach(async () => {
  vi.useFakeTimers();
  model = new FakeModel();
  store = new Store(model);
  editor = new Editor(store);
  model.welcome({}, 200);
  await settle();
  editor.nav.shown.value = 0;
});
afterEach(() => {
  editor.close();
  store.close();
  vi.useRealTimers();
});

const row = (frame: number, x: number): Row => ({ frame, track_id: 1, xy: [[x, 50], [30, 70], null] });
const reply = async (frames: [number, number][], rows: readonly Row[], action: number | null = 7) => {
  const { first, stop } = model.last("before") as unknown as { first: number; stop: number };
  const table = rowsOf(rows);
  const content = { kind: "before", action, frames, track_ids: [1], first, stop, n: table.n };
  model.answer("before", content, encodePoses(table));
  await settle();
};
const edits = () => model.sent.filter((m) => m.kind === "edit") as unknown as { action: string; args: unknown }[];

describe("looking back", () => {
  it("asks for the poses about the frame on the screen, and shows those of that frame", async () => {
    editor.commands["look back"]();
    expect(model.last("before")).toMatchObject({ action: null, first: 0, stop: 64 });
    await reply([[0, 9]], [row(0, 40), row(1, 41)]);
    expect(editor.lookback.before.value.get(1)!.xy[0]).toBe(40);
    expect(editor.lookback.last.value).toEqual({ action: 7, frames: [[0, 9]], track_ids: [1] });
    editor.nav.goTo(100);
    expect(model.last("before")).toMatchObject({ first: 64, stop: 128 });
    expect(model.count("before")).toBe(2);
  });

  it("asks again once something has changed, but not while a propagation runs", async () => {
    editor.commands["look back"]();
    await reply([[0, 9]], [row(0, 40)]);
    model.receive({ kind: "progress", job: 3, what: "propagate", done: 1, total: 9, text: "" });
    model.changed(2, [[0, 0]], [1], []);
    expect(model.count("before")).toBe(1);
    model.receive({ kind: "failed", job: 3, what: "propagate", message: "over" });
    expect(model.count("before")).toBe(2);
  });

  it("takes back the range, or everything if there is none, as one edit", async () => {
    editor.commands["look back"]();
    await reply([[0, 9]], [row(0, 40)]);
    editor.commands.reject();
    expect(edits().at(-1)).toMatchObject({ action: "reject", args: { action: 7, frames: null, tracks: null } });
    editor.timeline.select(3, 5);
    editor.select(1);
    editor.lookback.whose.value = "selected";
    editor.commands.reject();
    expect(edits().at(-1)).toMatchObject({ args: { action: 7, frames: [3, 5], tracks: [1] } });
    editor.lookback.where.value = "frame";
    editor.commands.reject();
    expect(edits().at(-1)).toMatchObject({ args: { frames: [0, 0] } });
    expect(edits().length).toBe(3);
  });

  it("closes when there is nothing to look back at, and when it is kept", async () => {
    editor.commands["look back"]();
    await reply([], [], null);
    expect(editor.lookback.open.value).toBe(false);
    expect(store.notice.value!.text).toMatch(/no propagation/);
    editor.commands["look back"]();
    await reply([[0, 9]], [row(0, 40)]);
    editor.lookback.keep();
    expect([editor.lookback.open.value, editor.lookback.before.value.size]).toEqual([false, 0]);
    expect(edits()).toEqual([]);
  });

  it("closes with Esc before the range goes", async () => {
    editor.timeline.select(3, 5);
    editor.commands["look back"]();
    await reply([[0, 9]], [row(0, 40)]);
    editor.commands.escape();
    expect([editor.lookback.open.value, editor.timeline.range.value]).toEqual([false, [3, 5]]);
  });
});

describe("what changed", () => {
  const pose = (xy: number[], flags = [2, 2]): Pose => ({
    track_id: 1,
    xy: new Float32Array(xy),
    score: new Uint8Array(2),
    flags: new Uint8Array(flags),
    box: new Float32Array(4).fill(Number.NaN),
    marks: 0,
  });
  const frame = (p: Pose): FramePoses => new Map([[1, p]]);
  it("is counted by keypoints, and those that came or went count too", () => {
    const old = pose([0, 0, 10, 10]);
    expect(difference(frame(old), frame(pose([3, 4, 10, 10.2])))).toEqual({ keypoints: 1, farthest: 5 });
    expect(difference(frame(old), frame(pose([0, 0, Number.NaN, Number.NaN], [2, 0])))).toEqual({
      keypoints: 1,
      farthest: 0,
    });
    expect(difference(frame(old), new Map())).toEqual({ keypoints: 2, farthest: 0 });
  });
  it("is counted by frames, within a part", () => {
    const spans = [[0, 9] as const, [20, 20] as const].map(([a, b]) => [a, b] as [number, number]);
    expect([countFrames(spans), countFrames(spans, [5, 20]), countFrames(spans, [10, 12])]).toEqual([11, 6, 0]);
  });
  it("leads from where a keypoint was to where it is", () => {
    const now = pose([3, 4, 10, 10]);
    expect(earlier(frame(pose([0, 0, 1, 1])), frame(now))).toMatchObject([{ to: now, dashed: true }]);
    expect(earlier(frame(pose([0, 0, 1, 1])), new Map())[0]!.to).toBeNull();
  });
});
