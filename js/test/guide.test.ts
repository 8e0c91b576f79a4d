/** Guided placement, and what moves or exchanges a whole person. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keypointsToAsk } from "../src/guide";
import { settle } from "./fake_model";
import { Opened } from "./opened";

let o: Opened;
beforeEach(async () => {
  o = await Opened.make();
});
afterEach(() => o.close());
const asked = () => (o.editor.tool.value.name === "placing" ? o.editor.tool.value.k : null);

describe("guided placement", () => {
  it("asks for what is absent, else for all that no human placed", () => {
    const { people } = o.editor;
    expect(keypointsToAsk(people.value.get(1), 3)).toEqual([2]);
    expect(keypointsToAsk(people.value.get(2), 3)).toEqual([0, 1, 2]);
    expect(keypointsToAsk(undefined, 3)).toEqual([0, 1, 2]);
  });

  it("goes from keypoint to keypoint; a right click is occluded, E skips", () => {
    o.editor.select(2);
    o.editor.commands.guide();
    expect(asked()).toBe(0);
    o.click(90, 40);
    expect(asked()).toBe(1);
    o.editor.commands["next keypoint"]();
    expect(asked()).toBe(2);
    o.click(95, 60, 2);
    expect([o.editor.tool.value.name, o.editor.guide.rest.value]).toEqual(["idle", []]);
    expect(o.edits().map((e) => [e.args.keypoint, e.args.xy, e.args.visibility])).toEqual([
      ["nose", [90, 40], 2],
      ["right_hand", [95, 60], 1],
    ]);
  });

  it("of a new person starts with a box", async () => {
    o.editor.commands.guide();
    expect(o.editor.tool.value.name).toBe("boxing");
    o.pointer("down", 80, 20);
    o.pointer("move", 110, 90);
    o.pointer("up", 110, 90);
    o.model.answer("edit", { kind: "done", revision: 2, result: 3 });
    await settle();
    expect([o.editor.selected.value, asked(), o.editor.guide.total]).toEqual([3, 0, 3]);
  });

  it("ends with Esc and in another frame", async () => {
    o.editor.select(2);
    o.editor.commands.guide();
    o.editor.commands.escape();
    expect([asked(), o.editor.guide.rest.value]).toEqual([null, []]);
    o.editor.commands.guide();
    await o.goTo(1);
    expect([asked(), o.editor.guide.rest.value]).toEqual([null, []]);
    o.editor.commands["next keypoint"]();
    expect(o.editor.keypoint.value).toBe(1);
  });
});

describe("a whole person", () => {
  it("is nudged while no keypoint is selected: one edit after a pause", () => {
    o.editor.select(2);
    o.editor.commands["nudge right far"]();
    o.editor.commands["nudge down"]();
    expect(o.editor.people.value.get(2)!.xy[0]).toBe(160);
    vi.advanceTimersByTime(400);
    expect(o.edits().map((e) => [e.action, e.args])).toEqual([
      ["move", { frame: 0, track_id: 2, dxy: [10, 1], scale: 1, rotation: 0 }],
    ]);
  });
  it("has arms, legs and a face exchanged", () => {
    o.editor.select(2);
    for (const part of ["arms", "legs", "face"] as const) o.editor.commands[`flip ${part}`]();
    expect(o.edits().map((e) => e.args.part)).toEqual(["arms", "legs", "face"]);
  });
  it("gets the pose of the last frame before in which they are", async () => {
    await o.goTo(5);
    o.editor.select(2);
    o.editor.commands["copy pose"]();
    expect(o.edits().at(-1)!.args).toEqual({ track_id: 2, from_frame: 4, to_frame: 5 });
    o.model.changed(2, [[2, 5]], [2], []);
    o.editor.commands["copy pose"]();
    expect(o.edits().at(-1)!.args).toEqual({ track_id: 2, from_frame: 1, to_frame: 5 });
    expect(o.said()).toMatch(/frame 1/);
    o.model.changed(3, [[0, 5]], [2], []);
    o.editor.commands["copy pose"]();
    expect(o.edits().length).toBe(2);
  });
});

describe("playing", () => {
  it("is slower and faster, and starts its clock anew", async () => {
    await o.goTo(5);
    o.editor.commands.play();
    o.editor.commands.slower();
    expect([o.editor.nav.speed.value, o.editor.nav.playing.value!.frame]).toEqual([0.5, 5]);
    for (let i = 0; i < 9; i++) o.editor.commands.slower();
    expect(o.editor.nav.speed.value).toBe(0.1);
    for (let i = 0; i < 9; i++) o.editor.commands.faster();
    expect(o.editor.nav.speed.value).toBe(4);
  });
});
