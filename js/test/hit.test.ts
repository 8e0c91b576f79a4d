import { describe, expect, it } from "vitest";
import { flagsOf } from "../src/codec";
import { distance, hitTest, reachOf } from "../src/hit";
import { bounds, type FramePoses, PoseWindow } from "../src/poses";
import { type Row, rowsOf, SKELETON } from "./setup";

const REACH = { keypoint: 10, limb: 6 };

function people(...rows: Omit<Row, "frame">[]): FramePoses {
  const held = new PoseWindow(1, 3);
  held.fill(0, 1, 1, rowsOf(rows.map((row) => ({ frame: 0, ...row }))));
  return held.at(0)!;
}

const hit = (where: FramePoses, at: [number, number], selected: number | null = null) =>
  hitTest(where, SKELETON.edges, at, REACH, selected);

describe("what is under the pointer", () => {
  const two = people(
    {
      track_id: 4,
      xy: [
        [100, 100],
        [60, 140],
        [140, 140],
      ],
    },
    { track_id: 7, xy: [[106, 100], [300, 140], null] },
  );

  it("is the nearest keypoint of anybody", () => {
    expect(hit(two, [104, 100])).toEqual({ what: "keypoint", track_id: 7, k: 0 });
    expect(hit(two, [101, 101])).toEqual({ what: "keypoint", track_id: 4, k: 0 });
  });

  it("is the selected person's keypoint if one is in reach", () => {
    expect(hit(two, [105, 100], 4)).toEqual({ what: "keypoint", track_id: 4, k: 0 });
    expect(hit(two, [115, 100], 4)).toEqual({ what: "keypoint", track_id: 7, k: 0 });
  });

  it("is a person on whose limb it is", () => {
    expect(hit(two, [80, 121])).toEqual({ what: "person", track_id: 4 });
    expect(hit(two, [200, 122])).toEqual({ what: "person", track_id: 7 });
  });

  it("is the smaller of two whose boxes it is in", () => {
    const nested = people(
      { track_id: 1, xy: [[0, 0], [400, 400], null] },
      { track_id: 2, xy: [[180, 120], [260, 60], null] },
    );
    expect(hit(nested, [190, 70])).toEqual({ what: "person", track_id: 2 });
    expect(hit(nested, [20, 380])).toEqual({ what: "person", track_id: 1 });
    expect(hit(nested, [500, 70])).toEqual({ what: "nothing" });
  });

  it("is never a keypoint that is absent, whatever place is stored for it", () => {
    const hidden = people({
      track_id: 1,
      xy: [
        [50, 50],
        [90, 90],
        [20, 90],
      ],
      flags: [flagsOf(0, 0, false), 2, 2],
    });
    expect(hit(hidden, [50, 50])).not.toMatchObject({ what: "keypoint" });
  });

  it("reaches farther for a finger, in pixels of the screen", () => {
    expect(reachOf("mouse", 2).keypoint).toBe(6);
    expect(reachOf("touch", 2).keypoint).toBe(12);
    expect(reachOf("pen", 1).keypoint).toBe(12);
  });

  it("measures the distance from a limb, and from one without length", () => {
    expect(distance([5, 3], [0, 0], [10, 0])).toBe(3);
    expect(distance([-4, 3], [0, 0], [10, 0])).toBe(5);
    expect(distance([3, 4], [0, 0], [0, 0])).toBe(5);
  });

  it("knows no bounds of somebody without keypoints", () => {
    const nobody = people({ track_id: 1, xy: [null, null, null] });
    expect(bounds(nobody.get(1)!)).toBeNull();
    expect(hit(nobody, [0, 0])).toEqual({ what: "nothing" });
  });
});
