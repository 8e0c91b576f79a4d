/** Issues in one view: zoomed to, with what would mend them, accepted and ignored. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exchanged, fixOf, partOf } from "../src/fixes";
import type { Issue } from "../src/protocol";
import { settle } from "./fake_model";
import { Opened, walking } from "./opened";
import { SKELETON } from "./setup";

let o: Opened;
beforeEach(async () => {
  // In frame 12 the first person's nose is 40 pixels off.
  o = await Opened.make({}, (f) => walking(f).map((r) => (r.track_id === 1 && f === 12 ? jumped(r) : r)));
});
afterEach(() => o.close());

const jumped = (r: ReturnType<typeof walking>[number]) => ({ ...r, xy: [[102, 50] as const, ...r.xy.slice(1)] });
const issue = (kind: string, rest: Partial<Issue> = {}): Issue => ({
  issue: 5,
  frame: 12,
  frame_end: 12,
  track_id: 1,
  keypoint: null,
  kind,
  severity: 0.8,
  reason: "nose jumped 40 px and came back",
  ...rest,
});
const show = async (i: Issue | null) => {
  o.editor.commands["next issue"]();
  await settle();
  o.model.answer("issue", { kind: "issue", issue: i, n_open: i ? 3 : 0 });
  await settle();
  await o.arrive();
};

describe("the next issue", () => {
  it("is gone to, selected and zoomed to once its poses are there", async () => {
    const whole = o.editor.viewport.camera.value.scale;
    await show(issue("jump", { keypoint: "nose" }));
    expect([o.editor.nav.shown.value, o.editor.selected.value, o.editor.keypoint.value]).toEqual([12, 1, 0]);
    expect(o.editor.viewport.camera.value.scale).toBeGreaterThan(whole);
    const { scale } = o.editor.viewport.camera.value;
    o.editor.viewport.zoom(0.5);
    await o.goTo(13);
    await o.goTo(12);
    expect(o.editor.viewport.camera.value.scale).toBeCloseTo(scale / 2, 6);
  });

  it("of a jump shows the keypoint where it would be, and Enter puts it there", async () => {
    await show(issue("jump", { keypoint: "nose" }));
    const [ghost] = o.editor.ghosts.value;
    expect([...ghost!.pose.xy.slice(0, 2)]).toEqual([62, 50]);
    expect(ghost!.to!.xy[0]).toBe(102);
    expect(o.edits()).toEqual([]);
    o.editor.commands["mend issue"]();
    expect(o.edits().map((e) => [e.action, e.args])).toEqual([
      ["correct", { frame: 12, track_id: 1, keypoint: "nose", xy: [62, 50], visibility: 2 }],
    ]);
  });

  it("of another kind shows the person just before and just after", async () => {
    await show(issue("bone", { keypoint: "nose" }));
    expect(o.editor.ghosts.value.map((g) => g.pose.xy[0])).toEqual([61, 63]);
    o.editor.commands["mend issue"]();
    expect([o.edits(), o.said()]).toEqual([[], expect.stringMatching(/nothing to propose/)]);
    await o.goTo(14);
    expect(o.editor.ghosts.value).toEqual([]);
  });

  it("of a crossing is the swap, to be confirmed", async () => {
    await show(issue("crossing", { track_id_b: 2, reason: "persons 1 and 2 cross" }));
    expect(o.editor.questions.open.value).toEqual({ kind: "swap", frame: 12, track_id: 1, other: 2, scope: "onwards" });
    expect(o.edits()).toEqual([]);
    o.editor.questions.confirm();
    expect(o.edits()[0]).toMatchObject({ action: "swap", args: { a: 1, b: 2, frame: 12, scope: "onwards" } });
  });

  it("is accepted as it is, with the question that it asked gone", async () => {
    await show(issue("crossing", { track_id_b: 2 }));
    o.editor.commands["accept issue"]();
    expect(o.editor.questions.open.value).toBeNull();
    expect(o.edits()).toMatchObject([{ action: "resolve_issue", args: { issue: 5, state: "accepted" } }]);
    o.model.answer("edit", { kind: "done", revision: 2, result: null });
    await settle();
    expect(o.model.last("issue")).toMatchObject({ after: null });
    o.model.answer("issue", { kind: "issue", issue: null, n_open: 0 });
    await settle();
    expect([o.editor.review.issue.value, o.said()]).toEqual([null, "No further issues."]);
  });

  it("is asked for one after the other, however fast N is pressed", async () => {
    o.editor.commands["next issue"]();
    o.editor.commands["next issue"]();
    await settle();
    expect(o.model.count("issue")).toBe(1);
    o.model.answer("issue", { kind: "issue", issue: issue("bone"), n_open: 2 });
    await settle();
    expect(o.model.last("issue")).toMatchObject({ after: 5 });
  });

  it("is none that was shown already, though a decision moved everything in the order", async () => {
    await show(issue("bone", { issue: 4 }));
    await show(issue("bone", { issue: 5 }));
    o.editor.commands["accept issue"]();
    o.model.answer("edit", { kind: "done", revision: 2, result: null });
    await settle();
    o.model.answer("issue", { kind: "issue", issue: issue("bone", { issue: 4 }), n_open: 2 });
    await settle();
    expect(o.model.last("issue")).toMatchObject({ after: 4 });
    o.model.answer("issue", { kind: "issue", issue: issue("bone", { issue: 6 }), n_open: 2 });
    await settle();
    expect(o.editor.review.issue.value!.issue).toBe(6);
  });

  it("is left with Esc", async () => {
    await show(issue("bone"));
    o.editor.commands.escape();
    expect([o.editor.review.issue.value, o.editor.ghosts.value]).toEqual([null, []]);
  });
});

describe("what would mend it", () => {
  const at = (f: number) => o.store.peopleAt(f);
  it("is an exchange of the part that the keypoint is of", () => {
    expect(["left_wrist", "right_knee", "left_ear", "tail", null].map(partOf)).toEqual([
      "arms",
      "legs",
      "face",
      "all",
      "all",
    ]);
    const fix = fixOf(issue("flip", { keypoint: "left_hand", track_id: 2 }), at, SKELETON)!;
    expect(fix).toMatchObject({ edit: ["flip", { frame: 12, track_id: 2, part: "arms" }] });
    const pose = at(12)!.get(2)!;
    expect([...exchanged(pose, SKELETON, "arms").xy.slice(2)]).toEqual([170, 70, 130, 70]);
    expect([...exchanged(pose, SKELETON, "legs").xy]).toEqual([...pose.xy]);
  });
  it("of a gap are lines between its sides, if there are two", () => {
    const gap = issue("gap", { frame: 5, frame_end: 7 });
    expect(fixOf(gap, at, SKELETON)).toMatchObject({ edit: ["interpolate", { track_id: 1, first: 4, last: 8 }] });
    expect(fixOf({ ...gap, track_id: 9 }, at, SKELETON)).toBeNull();
  });
  it("of somebody who is there twice is to delete one of them, there alone", () => {
    const twice = issue("duplicate", { frame_end: 20, track_id_b: 2 });
    expect(fixOf(twice, at, SKELETON)).toMatchObject({ kind: "delete", other: null, scope: [12, 20] });
  });
  it("is nothing where neither side is known", () => {
    expect(fixOf(issue("jump", { keypoint: "right_hand" }), at, SKELETON)).toBeNull();
    expect(fixOf(issue("jump"), at, SKELETON)).toBeNull();
    expect(fixOf(issue("uncertain", { keypoint: "nose" }), at, SKELETON)).toBeNull();
  });
});
