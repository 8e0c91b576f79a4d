/** One view without a page: pointer and keys in, edits out. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Editor } from "../src/editor";
import { type Command, KEYS } from "../src/keys";
import type { Store } from "../src/store";
import { type FakeModel, personOf, settle } from "./fake_model";
import { Opened, walking } from "./opened";

let o: Opened;
let model: FakeModel;
let store: Store;
let editor: Editor;

beforeEach(async () => {
  const people = [personOf(1, { anchors: [5, 20] }), personOf(2)];
  o = await Opened.make({ people }, (frame) => walking(0).map((row) => ({ ...row, frame })));
  ({ model, store, editor } = o);
});
afterEach(() => o.close());

const pointer = (type: "down" | "move" | "up", x: number, y: number) => o.pointer(type, x, y);
const edits = () => o.edits();

describe("a drag", () => {
  it("is one correction, drawn on the way", () => {
    pointer("down", 50, 50);
    pointer("move", 60, 50);
    pointer("move", 70, 55);
    expect(editor.people.value.get(1)!.xy[0]).toBe(70);
    expect(edits()).toEqual([]);
    pointer("up", 70, 55);
    expect(edits().map((e) => [e.action, e.args])).toEqual([
      ["correct", { frame: 0, track_id: 1, keypoint: "nose", xy: [70, 55], visibility: 2 }],
    ]);
    expect(editor.people.value.get(1)!.xy[0]).toBe(70);
    expect([editor.selected.value, editor.keypoint.value]).toEqual([1, 0]);
  });

  it("is of the frame that is on the screen, even while another one is on its way", () => {
    editor.nav.goTo(30);
    expect([editor.nav.frame.value, editor.nav.shown.value]).toEqual([30, 0]);
    pointer("down", 50, 50);
    pointer("move", 60, 50);
    pointer("up", 60, 50);
    expect(edits()[0]!.args).toMatchObject({ frame: 0 });
  });

  it("stops the playing", () => {
    editor.nav.togglePlay();
    pointer("down", 50, 50);
    pointer("move", 60, 50);
    expect(editor.nav.playing.value).toBeNull();
    editor.input({ type: "cancel" });
    expect(editor.people.value.get(1)!.xy[0]).toBe(50);
  });
});

describe("nudges", () => {
  it("are one edit after a pause", () => {
    editor.select(1, 1);
    for (let i = 0; i < 3; i++) editor.commands["nudge right"]();
    editor.commands["nudge down far"]();
    expect(editor.people.value.get(1)!.xy.slice(2, 4)).toEqual(new Float32Array([33, 80]));
    expect(edits()).toEqual([]);
    vi.advanceTimersByTime(400);
    expect(edits().map((e) => e.args)).toEqual([
      { frame: 0, track_id: 1, keypoint: "left_hand", xy: [33, 80], visibility: 2 },
    ]);
  });

  it("are sent at once when one goes on, and taken back by Esc", () => {
    editor.select(1, 1);
    editor.commands["nudge left"]();
    editor.nav.step(1);
    expect(edits()).toHaveLength(1);
    editor.commands["nudge left"]();
    editor.commands.escape();
    vi.advanceTimersByTime(1000);
    expect(edits()).toHaveLength(1);
  });
});

describe("visibility", () => {
  it("is that of the keypoint at the pointer, else of the selected one", () => {
    pointer("move", 130, 70);
    editor.commands.visibility();
    expect(edits().at(-1)!.args).toEqual({ frame: 0, track_id: 2, keypoint: "left_hand", visibility: 1 });
    editor.leavePointer();
    editor.select(1, 0);
    editor.commands.visibility();
    expect(edits().at(-1)!.args).toMatchObject({ track_id: 1, keypoint: "nose", visibility: 1 });
  });

  it("of an absent keypoint is given by placing it at the pointer", () => {
    editor.select(1, 2);
    pointer("move", 90, 20);
    editor.commands.visibility();
    expect(edits().at(-1)).toMatchObject({ action: "correct", args: { keypoint: "right_hand", xy: [90, 20] } });
  });

  it("is asked for by a click where there is no pointer", () => {
    editor.select(1, 2);
    editor.commands.visibility();
    expect(editor.tool.value).toMatchObject({ name: "placing", track_id: 1, k: 2 });
  });
});

describe("people", () => {
  it("are gone through in both directions, and found where they are", async () => {
    editor.commands["next person"]();
    expect(editor.selected.value).toBe(1);
    editor.commands["next person"]();
    editor.commands["next person"]();
    expect(editor.selected.value).toBe(1);
    editor.commands["previous person"]();
    expect(editor.selected.value).toBe(2);
    store.known.value = { ...store.state.value!, people: [personOf(1, { first: 12, last: 20 })] };
    editor.visit(1);
    expect(editor.nav.frame.value).toBe(12);
  });

  it("are chosen by digits, which answer an open question as well", () => {
    editor.digit("2");
    expect(editor.selected.value).toBe(2);
    editor.commands.swap();
    editor.digit("1");
    expect(editor.questions.open.value).toMatchObject({ kind: "swap", track_id: 2, other: 1 });
    editor.questions.confirm();
    expect(edits().at(-1)).toMatchObject({ action: "swap", args: { a: 2, b: 1, frame: 0, scope: "onwards" } });
    expect(editor.tool.value.name).toBe("idle");
  });

  it("are deleted as a track only after a question", () => {
    editor.select(1);
    editor.commands["delete here"]();
    expect(edits().at(-1)!.args).toEqual({ track_id: 1, frame: 0, scope: "frame" });
    editor.commands["delete onwards"]();
    editor.commands["delete track"]();
    expect(edits()).toHaveLength(1);
    editor.questions.confirm();
    expect(edits().at(-1)!.args).toEqual({ track_id: 1, frame: 0, scope: "all" });
  });
});

describe("carrying on", () => {
  it("starts at the selected person's anchor, else wherever something waits", () => {
    editor.commands["propagate both"]();
    expect(model.last("propagate")).toMatchObject({ frame: null, tracks: null, direction: "both" });
    pointer("down", 50, 50);
    pointer("move", 60, 50);
    pointer("up", 60, 50);
    editor.commands["propagate backward"]();
    expect(model.last("propagate")).toMatchObject({ frame: 0, tracks: [1], direction: "backward", stop: null });
  });

  it("is stopped by Esc, after gestures and questions and before the selection", () => {
    editor.select(1);
    model.receive({ kind: "progress", job: 3, what: "propagate", done: 1, total: 9, text: "" });
    editor.commands.swap();
    editor.commands.escape();
    expect([editor.questions.open.value, model.count("cancel")]).toEqual([null, 0]);
    editor.commands.escape();
    expect([editor.selected.value, model.count("cancel")]).toEqual([1, 1]);
    model.receive({ kind: "failed", job: 3, what: "propagate", message: "over" });
    editor.commands.escape();
    expect(editor.selected.value).toBeNull();
    const leave = vi.fn();
    editor.onLeave = leave;
    editor.commands.escape();
    expect(leave).toHaveBeenCalledOnce();
  });

  it("finding people is not stopped by Esc", () => {
    model.receive({ kind: "progress", job: 3, what: "initialize", done: 1, total: 9, text: "" });
    editor.commands.escape();
    expect(model.count("cancel")).toBe(0);
  });
});

describe("what is under the pointer", () => {
  it("is looked at again when the picture moves beneath it", () => {
    pointer("move", 50, 50);
    expect(editor.hovered.value).toMatchObject({ track_id: 1, k: 0 });
    editor.viewport.panBy(60, 0);
    editor.lookAgain();
    expect(editor.hovered.value).toBeNull();
  });
});

describe("moving about", () => {
  it("goes to anchors of the selected person, and stays inside the video", async () => {
    editor.select(1);
    editor.commands["next anchor"]();
    expect(editor.nav.frame.value).toBe(5);
    editor.commands["next anchor"]();
    editor.commands["next anchor"]();
    expect(editor.nav.frame.value).toBe(20);
    editor.commands["on ten"]();
    editor.commands["on ten"]();
    expect(editor.nav.frame.value).toBe(39);
    editor.commands["first frame"]();
    editor.commands["previous frame"]();
    expect(editor.nav.frame.value).toBe(0);
    editor.nav.goTo(Number.NaN);
    expect(editor.nav.frame.value).toBe(0);
  });

  it("goes faster the longer a key is held", () => {
    const after = (repeats: number) => {
      editor.commands["first frame"]();
      editor.repeats = repeats;
      editor.commands["next frame"]();
      return editor.nav.frame.value;
    };
    expect([0, 29, 30, 90].map(after)).toEqual([1, 1, 2, 4]);
  });

  it("goes to doubtful places and back", async () => {
    const issue = {
      issue: 7,
      frame: 9,
      frame_end: 11,
      track_id: 2,
      keypoint: "nose",
      kind: "jump",
      severity: 1,
      reason: "jumped",
    };
    editor.commands["next issue"]();
    await settle();
    model.answer("issue", { kind: "issue", issue, n_open: 3 });
    await settle();
    expect([editor.nav.frame.value, editor.selected.value, editor.keypoint.value]).toEqual([9, 2, 0]);
    editor.nav.shown.value = 9;
    editor.commands["accept issue"]();
    expect(edits().at(-1)).toMatchObject({ action: "resolve_issue", args: { issue: 7, state: "accepted" } });
    model.answer("edit", { kind: "done", revision: 2, result: null });
    await settle();
    expect(model.last("issue")).toMatchObject({ after: null });
    model.answer("issue", { kind: "issue", issue: null, n_open: 0 });
    await settle();
    expect(editor.review.issue.value).toBeNull();
  });
});

describe("where nothing may be changed", () => {
  it("no command sends an edit, and each says why", () => {
    store.known.value = { ...store.state.value!, read_only: true };
    editor.select(1, 0);
    pointer("move", 50, 50);
    const harmless: Command[] = ["next issue", "accept issue", "ignore issue", "auto propagate", "stop"];
    for (const { command } of KEYS) if (!harmless.includes(command)) editor.commands[command]();
    vi.advanceTimersByTime(1000);
    expect([edits(), model.count("propagate")]).toEqual([[], 0]);
  });

  it("every command of the table is there", () => {
    for (const { command } of KEYS) expect(typeof editor.commands[command]).toBe("function");
  });
});
