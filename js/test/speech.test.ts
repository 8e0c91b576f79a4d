import { describe, expect, it } from "vitest";
import { flagsOf, HUMAN } from "../src/codec";
import { PoseWindow } from "../src/poses";
import { type Moment, spoken } from "../src/speech";
import { rowsOf, SKELETON } from "./setup";

const window = new PoseWindow(10, 3);
window.want(3);
window.fill(
  0,
  10,
  1,
  rowsOf([
    {
      frame: 3,
      track_id: 1,
      xy: [[10, 20], [30.4, 40.6], null],
      flags: [flagsOf(2, 0, false), flagsOf(1, HUMAN, true), 0],
    },
    {
      frame: 3,
      track_id: 2,
      xy: [
        [50, 20],
        [60, 40],
        [70, 40],
      ],
    },
  ]),
);
const people = window.at(3)!;
const moment = (change: Partial<Moment> = {}): Moment => ({
  frame: 3,
  people,
  selected: null,
  keypoint: null,
  names: SKELETON.keypoints,
  ...change,
});

describe("what a screen reader says", () => {
  it("where one is, at first and when that changes", () => {
    expect(spoken(null, moment())).toBe("Frame 3, 2 people. Nobody selected");
    expect(spoken(moment(), moment({ frame: 4, people: new Map() }))).toBe("Frame 4, nobody");
    expect(spoken(moment(), moment())).toBe("");
  });
  it("who is selected, and how much of them is seen", () => {
    expect(spoken(moment(), moment({ selected: 2 }))).toBe("Person 2, 3 of 3 visible");
    expect(spoken(moment(), moment({ selected: 1 }))).toBe("Person 1, 1 of 3 visible, 1 by hand");
    expect(spoken(moment(), moment({ selected: 7 }))).toBe("Person 7, not in this frame");
  });
  it("which keypoint, in which state, and where", () => {
    expect(spoken(moment(), moment({ selected: 1, keypoint: 1 }))).toBe(
      "Person 1, left hand, occluded, by hand, at 30, 41",
    );
    expect(spoken(moment(), moment({ selected: 1, keypoint: 2 }))).toBe("Person 1, right hand, absent");
    expect(spoken(moment(), moment({ selected: 2, keypoint: 0 }))).toBe(
      "Person 2, nose, visible, read, 78 %, at 50, 20",
    );
  });
});
