/** Small pure parts: questions, playing, colours, the summary. */

import { describe, expect, it } from "vitest";
import { edgeSide, inksOf, paintOf, sidesOf } from "../src/draw/palette";
import { advance, frameAtTime } from "../src/playback";
import { byDigits, editOf, explanation, type Prompt, previewOf } from "../src/prompt";
import { type Limits, orderOf, type Place, startOf, toggled } from "../src/propagation";
import type { Person, State } from "../src/protocol";
import { merged } from "../src/summary";
import { SKELETON } from "./setup";

const person = (track_id: number, first = 0, last = 9): Person => ({
  track_id,
  colour: "#ffaa14",
  first,
  last,
  n_frames: last - first + 1,
  n_anchors: 0,
  anchors: [],
  pending: [],
});
const STATE: State = {
  revision: 3,
  people: [person(1), person(2, 4, 30), person(12)],
  all: true,
  gone: [],
  found: [[0, 9]],
  undo: null,
  redo: null,
  next_track_id: 20,
  read_only: false,
  store: "a.impose",
  clicks: 0,
  active_seconds: 0,
};
const ask = (kind: Prompt["kind"], rest: Partial<Prompt> = {}): Prompt => ({
  kind,
  frame: 5,
  track_id: 1,
  other: null,
  scope: "onwards",
  ...rest,
});

describe("questions", () => {
  it("become edits once they are complete", () => {
    expect(editOf(ask("swap"), STATE)).toBeNull();
    expect(editOf(ask("swap", { other: 1 }), STATE)).toBeNull();
    expect(editOf(ask("swap", { other: 2 }), STATE)).toEqual(["swap", { a: 1, b: 2, frame: 5, scope: "onwards" }]);
    expect(editOf(ask("merge", { other: 2 }), STATE)).toEqual(["merge", { a: 1, b: 2 }]);
    expect(editOf(ask("split"), STATE)).toEqual(["split", { track_id: 1, frame: 5 }]);
    expect(editOf(ask("delete", { scope: "all" }), STATE)).toEqual(["delete", { track_id: 1, frame: 5, scope: "all" }]);
    expect(editOf(ask("assign", { other: "new" }), STATE)).toEqual([
      "assign",
      { frame: 5, track_id: 1, new_track_id: 20, scope: "onwards" },
    ]);
  });

  it("say what will happen, where", () => {
    expect(explanation(ask("swap", { other: 2 }), STATE.people)).toBe(
      "1 becomes 2 and 2 becomes 1, in frames 5 to 30, or as far as you have not said who is who.",
    );
    expect(explanation(ask("swap"), STATE.people)).toMatch(/Click a person/);
    expect(explanation(ask("delete", { scope: "frame" }), STATE.people)).toMatch(/in frame 5/);
    expect(explanation(ask("delete", { scope: "all" }), STATE.people)).toMatch(/whole track/);
  });

  it("show people as they would be", () => {
    const swap = previewOf(ask("swap", { other: 2 }));
    expect([swap.as.get(1), swap.as.get(2)]).toEqual([2, 1]);
    expect(previewOf(ask("merge", { other: 2 })).as.get(2)).toBe(1);
    expect(previewOf(ask("delete")).gone).toBe(1);
    expect(previewOf(null).as.size).toBe(0);
  });

  it("understand numbers of several digits", () => {
    const ids = [1, 2, 12];
    expect(byDigits("", "1", ids)).toEqual({ typed: "1", id: 1 });
    expect(byDigits("1", "2", ids)).toEqual({ typed: "12", id: 12 });
    expect(byDigits("12", "2", ids)).toEqual({ typed: "2", id: 2 });
    expect(byDigits("1", "7", ids)).toEqual({ typed: "7", id: null });
    expect(byDigits("0", "1", ids)).toEqual({ typed: "1", id: 1 });
  });
});

describe("a propagation with limits", () => {
  const place: Place = { frame: 20, nFrames: 67, selected: 3, anchored: true, range: null, names: ["nose", "hand"] };
  const limits: Limits = { direction: "forward", first: "", last: "", people: "corrected", keypoints: null };
  it("starts with what is selected", () => {
    expect(startOf(place)).toEqual({ ...limits, people: [3] });
    expect(startOf({ ...place, selected: null, range: [5, 9] })).toEqual({
      ...limits,
      direction: "both",
      first: "5",
      last: "9",
    });
  });
  it("is ordered as it was asked for", () => {
    expect(orderOf(limits, place)).toEqual({
      direction: "forward",
      stop: null,
      frame: null,
      tracks: null,
      keypoints: null,
    });
    expect(orderOf({ direction: "backward", first: "4", last: "", people: [3], keypoints: [1] }, place)).toEqual({
      direction: "backward",
      stop: 4,
      frame: 20,
      tracks: [3],
      keypoints: ["hand"],
    });
    expect(orderOf({ ...limits, people: "all" }, place)).toMatchObject({ tracks: "all", frame: null });
    expect(orderOf({ ...limits, people: [1, 3], keypoints: [0, 1] }, place)).toMatchObject({
      tracks: [1, 3],
      frame: null,
      keypoints: ["nose", "hand"],
    });
    expect(orderOf({ ...limits, people: [3] }, { ...place, anchored: false })).toMatchObject({ frame: null });
  });
  it("stops where it was told to, and stays within a range", () => {
    const stop = (rest: Partial<Limits>) => (orderOf({ ...limits, ...rest }, place) as { stop: unknown }).stop;
    expect(stop({ last: "30" })).toBe(30);
    expect(stop({ direction: "backward", first: "7" })).toBe(7);
    expect(stop({ first: "7" })).toEqual([7, 66]);
    expect(stop({ direction: "both", last: "30" })).toEqual([0, 30]);
    expect(stop({ direction: "both", first: "7", last: "30", people: [3] })).toEqual([7, 30]);
    expect(orderOf({ ...limits, first: "7", last: "30", people: [3] }, place)).toMatchObject({ frame: null });
  });
  it("says what is missing", () => {
    expect(orderOf({ ...limits, people: [] }, place)).toMatch(/Choose who/);
    expect(orderOf({ ...limits, keypoints: [] }, place)).toMatch(/at least one keypoint/);
    for (const last of ["67", "-1", "2.5", "here"])
      expect(orderOf({ ...limits, last }, place)).toMatch(/Expected frames from 0 to 66/);
    expect(orderOf({ ...limits, people: [3], last: "20" }, place)).toMatch(/Expected a frame after 20/);
    expect(orderOf({ ...limits, first: "9", last: "8" }, place)).toMatch(/Expected a first frame before/);
  });
  it("takes people and keypoints in and out", () => {
    expect(toggled(toggled([5], 2), 5)).toEqual([2]);
  });
});

describe("summary", () => {
  it("is kept whole from messages that name only who changed", () => {
    const news = { ...STATE, all: false, revision: 4, people: [person(2, 4, 40), person(7)], gone: [12] };
    const now = merged(STATE, news);
    expect(now.people.map((p) => [p.track_id, p.last])).toEqual([
      [1, 9],
      [2, 40],
      [7, 9],
    ]);
    expect([now.revision, now.all]).toEqual([4, true]);
    expect(merged(STATE, { ...news, all: true }).people).toHaveLength(2);
  });
});

describe("playing", () => {
  const times = Float64Array.from([0, 0.1, 0.2, 0.5, 0.6]); // a frame that lasts longer
  const always = () => true;

  it("finds the frame that a time lies in", () => {
    expect([-1, 0, 0.09, 0.1, 0.49, 0.5, 99].map((t) => frameAtTime(times, t))).toEqual([0, 0, 0, 1, 2, 3, 4]);
  });
  it("follows the clock and the video's own times", () => {
    const playing = { frame: 0, since: 1000 };
    expect(advance(playing, 0, 1050, times, always)!.frame).toBe(0);
    expect(advance(playing, 1, 1400, times, always)!.frame).toBe(2);
    expect(advance(playing, 2, 1520, times, always)!.frame).toBe(3);
    expect(advance(playing, 4, 1900, times, always)).toBeNull();
  });
  it("shows the newest frame that is there, and waits when none is", () => {
    const playing = { frame: 0, since: 1000 };
    expect(advance(playing, 0, 1550, times, (f) => f <= 2)).toEqual({ frame: 2, playing });
    expect(advance(playing, 0, 1550, times, () => false)).toEqual({ frame: 0, playing: { frame: 0, since: 1550 } });
  });
});

describe("colours", () => {
  it("are lighter on the left and darker on the right, as in the pictures that Python makes", () => {
    expect(paintOf("#46afff")).toMatchObject({
      middle: "rgb(70 175 255)",
      left: "rgb(163 215 255)",
      right: "rgb(48 110 159)",
    });
    expect([paintOf("#f5e646").ink, paintOf("#303080").ink]).toEqual(["rgb(18 20 26)", "rgb(255 255 255)"]);
    expect(paintOf("no colour").middle).toBe("rgb(200 200 205)");
  });
  it("tell whose, which side, or which keypoint", () => {
    const [paint, sides] = [paintOf("#ffaa14"), sidesOf(SKELETON)];
    const inks = (scheme: "shade" | "colour" | "keypoint") => inksOf(paint, sides, scheme);
    expect([0, 1, 2].map(inks("shade").keypoint)).toEqual([paint.middle, paint.left, paint.right]);
    expect(inks("colour").limb(1, "left")).toBe("#56b4e9");
    const all = Array.from({ length: 17 }, (_, k) => inks("keypoint").keypoint(k));
    expect(new Set(all).size).toBe(17);
    expect(inks("keypoint").limb(2, "left")).toBe(all[2]);
  });

  it("know sides by name, or by their place in a pair", () => {
    expect(sidesOf(SKELETON)).toEqual(["middle", "left", "right"]);
    expect(sidesOf({ ...SKELETON, flip_pairs: [[2, 1]] })).toEqual(["middle", "left", "right"]);
    expect(sidesOf({ ...SKELETON, keypoints: ["a", "b", "c"] })).toEqual(["middle", "left", "right"]);
    expect([edgeSide("left", "left"), edgeSide("middle", "right"), edgeSide("left", "right")]).toEqual([
      "left",
      "right",
      "middle",
    ]);
  });
});
