/** Other frames drawn in this one, a picture that follows, and a person who is focused. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flagsOf } from "../src/codec";
import { middleOver } from "../src/follow";
import { onion } from "../src/ghosts";
import type { FramePoses, Pose } from "../src/poses";
import { trailsOf } from "../src/trails";
import { Opened } from "./opened";

let o: Opened;
beforeEach(async () => {
  o = await Opened.make();
});
afterEach(() => o.close());

const pose = (x: number, flags = [2, 2]): Pose => ({
  track_id: 7,
  xy: new Float32Array([x, 0, x + 10, 20]),
  score: new Uint8Array(2),
  flags: new Uint8Array(flags),
  box: new Float32Array(4).fill(Number.NaN),
  marks: 0,
});

describe("trails", () => {
  it("are paths through the frames about one, broken where the person is not", () => {
    const at = (f: number) => (f === 4 ? undefined : pose(f, [2, f === 6 ? 0 : 2]));
    const [nose, hand] = trailsOf(at, 5, 2, null);
    expect(nose).toMatchObject({ track_id: 7, k: 0, here: 2 });
    expect(nose!.points).toEqual([[3, 0], null, [5, 0], [6, 0], [7, 0]]);
    expect(hand!.points[3]).toBeNull();
    expect(trailsOf(at, 5, 2, 1).map((t) => t.k)).toEqual([1]);
    expect(trailsOf(() => undefined, 5, 2, null)).toEqual([]);
  });
  it("mark where a human placed something", () => {
    const at = (f: number) => pose(f, [f === 6 ? flagsOf(2, 4, true) : 2, 2]);
    expect(trailsOf(at, 5, 2, 0)[0]!.anchors).toEqual([3]);
  });
  it("are of the selected person, longer with each press, and of one keypoint if one is selected", async () => {
    await o.goTo(10);
    o.editor.commands.trails();
    expect(o.editor.overlays.trails.value).toEqual([]);
    expect(o.said()).toMatch(/click one/);
    o.editor.select(1);
    expect(o.editor.overlays.trails.value.map((t) => t.points.length)).toEqual([11, 11, 11]);
    o.editor.commands.trails();
    o.editor.select(1, 1);
    expect(o.editor.overlays.trails.value.map((t) => [t.k, t.points.length])).toEqual([[1, 31]]);
    o.editor.commands.trails();
    o.editor.commands.trails();
    expect(o.editor.overlays.trails.value).toEqual([]);
  });
});

describe("onion skin", () => {
  const at = (f: number): FramePoses | undefined => (f < 0 ? undefined : new Map([[7, pose(f)]]));
  it("is fainter the further, and earlier is another colour than later", () => {
    const skin = onion(at, 5, 2, null);
    expect(skin.map((g) => g.pose.xy[0])).toEqual([3, 7, 4, 6]);
    expect(skin[2]!.alpha).toBeGreaterThan(skin[0]!.alpha);
    expect(skin[0]!.tint).toBe(skin[2]!.tint);
    expect(skin[0]!.tint).not.toBe(skin[1]!.tint);
  });
  it("is of one person if one is given, and stops at the ends of the video", () => {
    expect(onion(at, 5, 1, 8)).toEqual([]);
    expect(onion(at, 0, 1, 7).map((g) => g.pose.xy[0])).toEqual([1]);
  });
  it("is drawn beneath the people of this frame", async () => {
    await o.goTo(10);
    o.editor.commands["onion skin"]();
    expect(o.editor.ghosts.value.length).toBe(4);
    o.editor.select(1);
    expect(o.editor.ghosts.value.map((g) => g.pose.xy[0])).toEqual([59, 61]);
  });
});

describe("a picture that follows", () => {
  it("has the person in the middle in every frame, at the same zoom", async () => {
    o.editor.select(1);
    o.editor.commands["follow person"]();
    o.editor.viewport.zoom(1.5);
    const { scale } = o.editor.viewport.camera.value;
    const offset = () => {
      const { x } = o.editor.viewport.camera.value;
      return x / scale + 40 + o.editor.nav.shown.value!;
    };
    await o.goTo(20);
    const there = offset();
    await o.goTo(30);
    expect(offset()).toBeCloseTo(there, 6);
    expect(o.editor.viewport.camera.value.scale).toBe(scale);
    o.editor.commands["follow person"]();
    const still = o.editor.viewport.camera.value;
    await o.goTo(10);
    expect(o.editor.viewport.camera.value).toEqual(still);
  });
  it("does not move beneath a drag, nor for somebody who is not there", async () => {
    o.editor.commands["follow person"]();
    expect([o.editor.follow.on.value, o.said()]).toEqual([false, expect.stringMatching(/Select a person/)]);
    o.editor.select(1);
    o.editor.commands["follow person"]();
    const camera = o.editor.viewport.camera.value;
    o.editor.preview.value = { what: "move", frame: 0, track_id: 1, dxy: [60, 0], scale: 1, rotation: 0 };
    expect(o.editor.viewport.camera.value).toEqual(camera);
  });
  it("is averaged over as many frames before as after", () => {
    const at = (f: number) => (f < 0 || f > 9 ? undefined : pose(f * f));
    expect(middleOver(at, 5, 1)![0]).toBeCloseTo((16 + 25 + 25 + 36) / 4 + 5, 6);
    expect(middleOver(at, 0, 4)).toEqual([5, 10]);
    expect(middleOver(at, 20, 4)).toBeNull();
  });
});

describe("a focused person", () => {
  it("is the only one whom the pointer can take", () => {
    o.editor.select(1);
    o.editor.commands["focus person"]();
    o.pointer("down", 150, 50);
    o.pointer("move", 140, 50);
    o.pointer("up", 140, 50);
    o.click(150, 50);
    expect([o.edits(), o.editor.selected.value]).toEqual([[], 1]);
    o.pointer("down", 50, 50);
    o.pointer("move", 60, 50);
    o.pointer("up", 60, 50);
    expect(o.edits().length).toBe(1);
  });
  it("can be swapped with others all the same, and Esc lets go of them", () => {
    o.editor.select(1);
    o.editor.commands["focus person"]();
    o.editor.commands.swap();
    o.click(150, 50);
    expect(o.editor.questions.open.value!.other).toBe(2);
    o.editor.commands.escape();
    o.editor.commands.escape();
    o.click(150, 50);
    expect(o.editor.selected.value).toBe(2);
  });
});
