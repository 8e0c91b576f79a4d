/** Boxes apart from keypoints: what can be taken, what a drag makes of it, and what is sent. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Box, HANDLES, handleAt, handleNear, onEdge, type Part, reshaped } from "../src/boxes";
import { BOX_ANCHOR } from "../src/codec";
import { cursorOf } from "../src/cursor";
import { Opened } from "./opened";
import { random } from "./random";

const BOX: Box = [20, 20, 60, 40];
const IMAGE = { width: 200, height: 100 };

describe("a box", () => {
  it("has a handle at each corner and in the middle of each side", () => {
    expect(HANDLES.length).toBe(8);
    expect(new Set(HANDLES.map((p) => handleAt(BOX, p).join())).size).toBe(8);
    expect(handleAt(BOX, [-1, 1])).toEqual([20, 60]);
    expect(handleNear(BOX, [79, 41], 4)).toEqual([1, 0]);
    expect(handleNear([20, 20, 4, 4], [24, 22], 4)).toEqual([1, -1]); // a corner before a side
    expect(handleNear(BOX, [50, 40], 4)).toBeUndefined();
    expect([onEdge(BOX, [35, 22], 4), onEdge(BOX, [35, 40], 4), onEdge(BOX, [90, 60], 4)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is reshaped by the sides that go along", () => {
    const to = (part: Part, x: number, y: number) => reshaped(BOX, part, [x, y], IMAGE);
    expect(to([1, 1], 5, -10)).toEqual([20, 20, 65, 30]);
    expect(to([-1, 0], 5, -10)).toEqual([25, 20, 55, 40]);
    expect(to([0, -1], 5, -10)).toEqual([20, 10, 60, 50]);
    expect(to([0, 0], 5, -10)).toEqual([25, 10, 60, 40]);
  });

  it("never turns inside out or leaves the image, whatever is dragged", () => {
    const next = random(7);
    for (let i = 0; i < 300; i++) {
      const part = [...HANDLES, [0, 0] as Part][Math.floor(next() * 9)]!;
      const [x, y, w, h] = reshaped(BOX, part, [(next() - 0.5) * 600, (next() - 0.5) * 600], IMAGE);
      expect(w).toBeGreaterThanOrEqual(2);
      expect(h).toBeGreaterThanOrEqual(2);
      expect(x + w > 0 && y + h > 0 && x < 200 && y < 100).toBe(true);
      if (part[0] === 0 && part[1] === 0) expect([w, h]).toEqual([60, 40]);
      else expect(x >= -0.5 && x + w <= 199.5 && y >= -0.5 && y + h <= 99.5).toBe(true);
    }
  });

  it("shows which way a part goes", () => {
    const over = (part: Part) => cursorOf("idle", { track_id: 1, k: null, part });
    const all: Part[] = [
      [1, 1],
      [-1, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ];
    expect(all.map(over)).toEqual(["nwse-resize", "nesw-resize", "ns-resize", "ew-resize", "move"]);
    expect(cursorOf("picking", { track_id: 1, k: null, part: [1, 1] })).toBe("pointer");
  });
});

describe("in the editor", () => {
  let o: Opened;
  const box = () => [...o.editor.people.value.get(2)!.box].map(Math.round);
  const sent = () => o.edits().map((e) => [e.action, e.args]);
  beforeEach(async () => {
    // Two keypoints on the lower edge, where a handle would be as well.
    o = await Opened.make({}, (frame) => [
      {
        frame,
        track_id: 2,
        xy: [
          [150, 50],
          [130, 70],
          [170, 70],
        ],
        box: [120, 40, 60, 40],
      },
    ]);
    o.editor.select(2);
  });
  afterEach(() => o.close());

  it("is out of reach until boxes are shown", () => {
    o.pointer("down", 120, 40);
    o.pointer("move", 110, 30);
    o.pointer("up", 110, 30);
    expect(o.edits()).toEqual([]);
    expect(box()).toEqual([120, 40, 60, 40]);
  });

  it("follows a corner apart from the keypoints, drawn on the way and sent once", () => {
    o.editor.commands.boxes();
    const before = o.editor.people.value.get(2)!.xy;
    o.pointer("down", 120, 40);
    o.pointer("move", 116, 35);
    o.pointer("move", 112, 30);
    expect(box()).toEqual([112, 30, 68, 50]);
    expect(o.edits()).toEqual([]);
    o.pointer("up", 110, 30);
    expect(sent()).toEqual([["set_box", { frame: 0, track_id: 2, box_xywh: [110, 30, 70, 50] }]]);
    const after = o.editor.people.value.get(2)!;
    expect([after.xy, after.marks & BOX_ANCHOR, o.editor.selected.value]).toEqual([before, BOX_ANCHOR, 2]);
  });

  it("moves as a whole by its edge, stays when the gesture is cancelled, and leaves keypoints to be taken", () => {
    o.editor.commands.boxes();
    o.pointer("down", 120, 50);
    o.pointer("move", 125, 50);
    o.pointer("move", 130, 55);
    expect(box()).toEqual([130, 45, 60, 40]);
    o.editor.input({ type: "cancel" });
    expect([box(), o.edits()]).toEqual([[120, 40, 60, 40], []]);
    o.pointer("down", 150, 50);
    o.pointer("move", 155, 50);
    o.pointer("up", 155, 50);
    expect(o.edits().map((e) => e.action)).toEqual(["correct"]);
  });

  it("is drawn anew, also by keys, and fitted", () => {
    o.editor.commands["redraw box"]();
    for (const [key, n] of [
      ["nudge left far", 3],
      ["nudge up far", 2],
    ] as const)
      for (let i = 0; i < n; i++) o.editor.commands[key]();
    o.editor.keyboard.press();
    for (let i = 0; i < 5; i++) {
      o.editor.commands["nudge right far"]();
      o.editor.commands["nudge down far"]();
    }
    o.editor.keyboard.press();
    o.editor.commands["fit box"]();
    expect(sent()).toEqual([
      ["set_box", { frame: 0, track_id: 2, box_xywh: [120, 40, 50, 50] }],
      ["set_box", { frame: 0, track_id: 2, box_xywh: null }],
    ]);
    expect(o.said()).toContain("follows the keypoints");
  });

  it("is of somebody who is selected, and here", () => {
    o.editor.select(null);
    o.editor.commands["fit box"]();
    expect(o.said()).toContain("Select a person first");
    expect(o.edits()).toEqual([]);
  });
});
