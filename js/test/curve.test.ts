/** The curve of one person over time: what is read from it, and what is asked of the kernel when. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CurveTable, decodeCurve, STRIP, valueAt, worstNear } from "../src/curve";
import { curveWords } from "../src/ui/range";
import { settle } from "./fake_model";
import { Opened } from "./opened";

const NONE = Number.NaN;
const table = (values: Partial<CurveTable> = {}): CurveTable => ({
  first: 10,
  stop: 20,
  bins: 5,
  track_id: 1,
  keypoint: null,
  what: "score",
  low: Float32Array.of(0.9, 0.25, NONE, 0.8, 0.7),
  high: Float32Array.of(0.95, 0.5, NONE, 0.9, 0.9),
  worst: Int32Array.of(11, 12, -1, 17, 18),
  ...values,
});
const bytes = (...arrays: (Float32Array | Int32Array)[]) => arrays.map((a) => new DataView(a.buffer.slice(0)));

describe("a curve", () => {
  it("is the least score, or the longest way, as finely as it is known", () => {
    expect([10, 12, 13, 14, 19].map((f) => valueAt(table(), f)?.toFixed(2))).toEqual([
      "0.90",
      "0.25",
      "0.25",
      undefined,
      "0.70",
    ]);
    expect([valueAt(table(), 9), valueAt(table(), 20)]).toEqual([null, null]);
    expect(valueAt(table({ what: "motion" }), 12)).toBe(0.5);
  });

  it("leads to the worst frame near a click, or where the click was", () => {
    expect([worstNear(table(), 10, 0), worstNear(table(), 10, 3), worstNear(table(), 19, 3)]).toEqual([11, 12, 18]);
    expect([worstNear(table(), 14, 0), worstNear(table(), 55, 2)]).toEqual([14, 55]);
    const motion = table({ what: "motion", high: Float32Array.of(1, 2, NONE, 30, 2) });
    expect(worstNear(motion, 15, 3)).toBe(17);
  });

  it("is said in words", () => {
    expect(curveWords(table(), 12)).toEqual(["person 1 25 % sure"]);
    expect(curveWords(table({ keypoint: "left_hand", what: "motion" }), 10)).toEqual(["left hand moved 0.9 px"]);
    expect(curveWords(table(), 14)).toEqual(["person 1: not here"]);
  });

  it("that does not fit its buffers is refused in a sentence", () => {
    const answer = { ...table(), kind: "curve", rid: 1, client: "a", revision: 1 } as never;
    const { low, high, worst } = table();
    expect(decodeCurve(answer, bytes(low, high, worst)).worst[3]).toBe(17);
    expect(() => decodeCurve(answer, bytes(low, high))).toThrow("Expected a curve of three times 20 bytes");
  });
});

describe("in the editor", () => {
  let o: Opened;
  const asked = () => o.model.sent.filter((m) => m.kind === "curve") as never as Record<string, unknown>[];
  const rest = async () => {
    o.editor.curve.follow();
    vi.advanceTimersByTime(200);
    await settle();
  };
  beforeEach(async () => {
    o = await Opened.make();
    o.editor.timeline.resize(830, 104);
  });
  afterEach(() => o.close());

  it("is asked for once things are still, and again only for something else", async () => {
    await rest();
    expect(asked()).toEqual([]);
    o.editor.commands.curve();
    await rest();
    expect(asked()).toEqual([]); // nobody is selected
    o.editor.select(1);
    await rest();
    await rest();
    expect(asked()).toMatchObject([{ track_id: 1, keypoint: null, what: "score", first: 0, stop: 40, bins: 40 }]);
    o.editor.select(1, 1);
    o.editor.commands.curve();
    await rest();
    expect(asked().slice(1)).toMatchObject([{ track_id: 1, keypoint: "left_hand", what: "motion" }]);
    o.editor.timeline.zoom(2, 30);
    await rest();
    expect(asked().slice(2)).toMatchObject([{ first: 0, stop: 30, bins: 30 }]);
    o.editor.commands.curve();
    await rest();
    expect([o.editor.curve.what.value, asked().length]).toEqual([null, 3]);
  });

  it("has room below the lanes, and a click in it goes to the worst place near", async () => {
    const { timeline } = o.editor;
    const lanes = timeline.layout.room;
    o.editor.select(1);
    o.editor.commands.curve();
    expect(timeline.layout.room).toBe(lanes - STRIP);
    await rest();
    const low = new Float32Array(40).fill(0.9);
    low[22] = 0.1;
    const worst = Int32Array.from({ length: 40 }, (_, i) => i);
    const { track_id, keypoint, what, first, stop, bins } = asked()[0]!;
    o.model.answer(
      "curve",
      { kind: "curve", revision: 1, track_id, keypoint, what, first, stop, bins },
      bytes(low, low, worst),
    );
    await settle();
    const x = 30 + (22.9 / 40) * 800;
    expect(timeline.point(x, 104 - 20)).toMatchObject({ part: "curve", frame: 22 });
    expect(timeline.point(30 + (23.2 / 40) * 800, 104 - 20).frame).toBe(22);
    expect(timeline.point(30 + (30.5 / 40) * 800, 104 - 20).frame).toBe(30);
    expect(timeline.point(x, 103).part).toBe("bar");
  });
});
