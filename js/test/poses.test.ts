/** The window of poses: what the newest word of the kernel is, in whatever order words come. */

import { describe, expect, it } from "vitest";
import { BOX_ANCHOR, flagsOf, HUMAN, isAnchor, visibilityOf } from "../src/codec";
import { applyDrafts, type Draft, moved, nextVisibility } from "../src/drafts";
import { CHUNK, PoseWindow } from "../src/poses";
import { random } from "./random";
import { rowsOf } from "./setup";

const at = (x: number) => [[x, 0] as const, null, null];
const row = (frame: number, track_id: number, x: number) => ({ frame, track_id, xy: at(x) });
const xOf = (w: PoseWindow, frame: number, id: number) => w.at(frame)?.get(id)?.xy[0];

describe("window of poses", () => {
  it("knows a frame without people from one that was not asked for", () => {
    const w = new PoseWindow(10, 3);
    expect(w.at(2)).toBeUndefined();
    w.fill(0, 10, 1, rowsOf([row(3, 7, 1)]));
    expect(w.at(2)!.size).toBe(0);
    expect(xOf(w, 3, 7)).toBe(1);
  });

  it("asks for the chunk on screen first, then its neighbours, each once", () => {
    const w = new PoseWindow(5 * CHUNK, 3);
    expect(w.want(2 * CHUNK + 3)).toEqual([
      [2 * CHUNK, 3 * CHUNK],
      [3 * CHUNK, 4 * CHUNK],
      [CHUNK, 2 * CHUNK],
    ]);
    expect(w.want(2 * CHUNK)).toEqual([]);
    w.failed(2 * CHUNK);
    expect(w.want(2 * CHUNK)).toEqual([[2 * CHUNK, 3 * CHUNK]]);
    expect(new PoseWindow(5, 3).want(4)).toEqual([[0, 5]]);
  });

  it("puts what changed in place of what was", () => {
    const w = new PoseWindow(10, 3);
    w.fill(0, 10, 1, rowsOf([row(3, 7, 1), row(3, 8, 2), row(4, 7, 3)]));
    w.change({ revision: 2, frames: [[3, 3]], track_ids: [7], n: 1 }, rowsOf([row(3, 7, 9)]));
    expect([xOf(w, 3, 7), xOf(w, 3, 8), xOf(w, 4, 7)]).toEqual([9, 2, 3]);
    w.change({ revision: 3, frames: [[3, 4]], track_ids: [7], n: 0 }, rowsOf([]));
    expect([xOf(w, 3, 7), xOf(w, 3, 8), xOf(w, 4, 7)]).toEqual([undefined, 2, undefined]);
  });

  it("does not merge an answer that is older than a change", () => {
    const w = new PoseWindow(10, 3);
    w.fill(0, 10, 1, rowsOf([row(3, 7, 1), row(5, 7, 1)]));
    w.change({ revision: 4, frames: [[3, 3]], track_ids: [7], n: 1 }, rowsOf([row(3, 7, 9)]));
    w.fill(0, 10, 3, rowsOf([row(3, 7, 1), row(5, 7, 5)]));
    expect([xOf(w, 3, 7), xOf(w, 5, 7)]).toEqual([9, 5]);
    w.fill(0, 10, 4, rowsOf([row(3, 7, 11)]));
    expect(xOf(w, 3, 7)).toBe(11);
  });

  it("asks again for a frame whose answer came too late", () => {
    const w = new PoseWindow(10, 3);
    expect(w.want(0)).toEqual([[0, 10]]);
    w.change({ revision: 4, frames: [[3, 3]], track_ids: [7], n: 1 }, rowsOf([row(3, 7, 9)]));
    w.fill(0, 10, 3, rowsOf([row(3, 7, 1)]));
    expect(w.at(3)).toBeUndefined();
    expect(w.want(0)).toEqual([[0, 10]]);
  });

  it("goes on showing frames of which it only knows that they changed, and asks for them", () => {
    const w = new PoseWindow(10, 3);
    w.want(0);
    w.fill(0, 10, 1, rowsOf([row(3, 7, 1)]));
    expect(w.want(0)).toEqual([]);
    w.change({ revision: 2, frames: [[0, 9]], track_ids: [7], n: null }, null);
    expect(xOf(w, 3, 7)).toBe(1);
    expect(w.want(0)).toEqual([[0, 10]]);
    w.fill(0, 10, 2, rowsOf([row(3, 7, 2)]));
    expect(xOf(w, 3, 7)).toBe(2);
    expect(w.want(0)).toEqual([]);
  });

  it("lets go of what was shown long ago", () => {
    const n = 400 * CHUNK;
    const w = new PoseWindow(n, 3);
    for (let frame = 0; frame < n; frame += CHUNK) {
      for (const [first, stop] of w.want(frame, 0)) w.fill(first, stop, 1, rowsOf([row(first, 1, first)]));
    }
    expect(w.at(0)).toBeUndefined();
    expect(xOf(w, n - CHUNK, 1)).toBe(n - CHUNK);
  });

  it("agrees with a kernel whatever order answers and changes come in", () => {
    const next = random(5);
    for (let round = 0; round < 60; round++) {
      const truth = new Map<number, number>(); // frame -> x of person 1
      const w = new PoseWindow(6, 3);
      const late: (() => void)[] = [];
      const snapshot = () => rowsOf([...truth].map(([frame, x]) => row(frame, 1, x)));
      for (let revision = 1; revision <= 12; revision++) {
        const frame = Math.floor(6 * next());
        if (next() < 0.2) truth.delete(frame);
        else truth.set(frame, revision);
        const given = truth.has(frame) ? [row(frame, 1, truth.get(frame)!)] : [];
        w.change({ revision, frames: [[frame, frame]], track_ids: [1], n: given.length }, rowsOf(given));
        const rows = snapshot();
        if (next() < 0.6) late.push(() => w.fill(0, 6, revision, rows));
        if (late.length > 0 && next() < 0.5) late.splice(Math.floor(late.length * next()), 1)[0]!();
      }
      for (const answer of late) answer();
      for (let frame = 0; frame < 6; frame++) if (w.at(frame)) expect(xOf(w, frame, 1)).toBe(truth.get(frame));
      w.fill(0, 6, 12, snapshot());
      for (let frame = 0; frame < 6; frame++) expect(xOf(w, frame, 1)).toBe(truth.get(frame));
    }
  });
});

describe("drafts", () => {
  const held = new PoseWindow(2, 3);
  held.fill(0, 2, 1, rowsOf([{ frame: 0, track_id: 1, xy: [[10, 10], [20, 30], null] }]));
  const people = held.at(0)!;
  const draft: Draft = { what: "keypoint", frame: 0, track_id: 1, k: 0, xy: [5, 6], visibility: 1 };

  it("are drawn over what the kernel said, which stays as it is", () => {
    const shown = applyDrafts(people, [draft], 0).get(1)!;
    expect([shown.xy[0], shown.xy[1]]).toEqual([5, 6]);
    expect([visibilityOf(shown.flags[0]!), isAnchor(shown.flags[0]!)]).toEqual([1, true]);
    expect(people.get(1)!.xy[0]).toBe(10);
  });

  it("are of one frame, and later ones win", () => {
    expect(applyDrafts(people, [draft], 1).get(1)!.xy[0]).toBe(10);
    const again: Draft = { ...draft, xy: [7, 8] };
    expect(applyDrafts(people, [draft, again], 0).get(1)!.xy[0]).toBe(7);
  });

  it("take a keypoint away", () => {
    const gone = applyDrafts(people, [{ what: "visibility", frame: 0, track_id: 1, k: 1, visibility: 0 }], 0).get(1)!;
    expect(gone.xy[2]).toBeNaN();
  });

  it("shift and scale a person about the middle of their keypoints' box", () => {
    expect([...moved(people.get(1)!, [1, 2], 2).xy].slice(0, 4)).toEqual([6, 2, 26, 42]);
    expect(moved(people.get(1)!, [0, 0], 2).xy[4]).toBeNaN();
    const { xy: turned } = moved(people.get(1)!, [0, 0], 1, 90); // clockwise: what was above is to the right
    expect([...turned].slice(0, 4).map((v) => Math.round(v))).toEqual([25, 15, 5, 25]);
  });

  it("take the box along, upright, when the person moves; and move it alone", () => {
    const boxed = { ...people.get(1)!, box: Float32Array.of(5, 5, 20, 40) };
    const [x, y] = boxed.xy; // the box keeps its place beside the keypoints
    const there = moved(boxed, [3, -2], 1);
    expect([...there.box]).toEqual([8, 3, 20, 40]);
    expect([there.xy[0], there.xy[1]]).toEqual([x! + 3, y! - 2]);
    expect([...moved(boxed, [0, 0], 2, 90).box].slice(2)).toEqual([40, 80]);
    const own: Draft = { what: "box", frame: 0, track_id: 1, box: [1, 2, 3, 4] };
    const alone = applyDrafts(people, [own], 0).get(1)!;
    expect([[...alone.box], alone.xy, alone.marks & BOX_ANCHOR]).toEqual([[1, 2, 3, 4], people.get(1)!.xy, BOX_ANCHOR]);
  });

  it("of nobody that is there change nothing", () => {
    expect(applyDrafts(people, [{ ...draft, track_id: 9 }], 0).size).toBe(1);
    expect(applyDrafts(undefined, [draft], 0).size).toBe(0);
  });

  it("go through the visibilities and come back", () => {
    const seen = [2, 1, 0].map((v) => nextVisibility(flagsOf(v, HUMAN, true)));
    expect(seen).toEqual([1, 0, 2]);
  });
});
