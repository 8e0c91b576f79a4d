/** What each command of the table of keys does. */

import type { Signal } from "@preact/signals-core";
import type { Editor } from "./editor";
import { Jumps } from "./jumps";
import type { Command } from "./keys";
import { Ranges } from "./ranges";
import { cancellable } from "./tools/machine";

const PAN = 60; // CSS pixels

export function commandsOf(editor: Editor): Record<Command, () => void> {
  const { nav, viewport, edits, questions, review, store } = editor;
  const jumps = new Jumps(editor);
  const ranges = new Ranges(editor);
  const nudge = (dx: number, dy: number) => () => {
    if (!editor.keyboard.nudge(dx, dy)) edits.nudge(dx, dy);
  };
  const toggle = (flag: Signal<boolean>) => () => {
    flag.value = !flag.value;
  };
  return {
    "previous frame": () => nav.step(-1, editor.repeats),
    "next frame": () => nav.step(1, editor.repeats),
    "back ten": () => nav.step(-10),
    "on ten": () => nav.step(10),
    "first frame": () => nav.goTo(0),
    "last frame": () => nav.goTo(Infinity),
    play: () => nav.togglePlay(),
    slower: () => nav.changeSpeed(-1),
    faster: () => nav.changeSpeed(1),
    "go to frame": () => editor.onGoTo(),
    "previous anchor": () => nav.anchorBeside(-1, editor.selected.value),
    "next anchor": () => nav.anchorBeside(1, editor.selected.value),
    "previous person": () => editor.selectBeside(-1),
    "next person": () => editor.selectBeside(1),
    "previous keypoint": () => editor.keypointBeside(-1),
    "next keypoint": () => editor.guide.skip() || editor.keypointBeside(1),
    visibility: () => edits.cycleVisibility(),
    "nudge left": nudge(-1, 0),
    "nudge right": nudge(1, 0),
    "nudge up": nudge(0, -1),
    "nudge down": nudge(0, 1),
    "nudge left far": nudge(-10, 0),
    "nudge right far": nudge(10, 0),
    "nudge up far": nudge(0, -10),
    "nudge down far": nudge(0, 10),
    anchor: () => edits.toggleAnchor(),
    "copy pose": () => edits.copyPose(),
    flip: () => edits.flip(),
    "flip arms": () => edits.flip("arms"),
    "flip legs": () => edits.flip("legs"),
    "flip face": () => edits.flip("face"),
    guide: () => editor.guide.start(),
    box: () => edits.armBox(null),
    "box for person": () =>
      editor.selected.value === null ? editor.needPerson() : edits.armBox(editor.selected.value),
    boxes: toggle(editor.boxes),
    "redraw box": () => edits.redrawBox(),
    "fit box": () => edits.fitBox(),
    "delete here": () => edits.deleteHere(),
    "delete onwards": () => questions.ask("delete", "onwards"),
    "delete track": () => questions.ask("delete", "all"),
    "propagate forward": () => edits.propagate("forward"),
    "propagate backward": () => edits.propagate("backward"),
    "propagate both": () => edits.propagate("both"),
    "propagate with limits": () => edits.askLimits(),
    "look back": () => editor.lookback.toggle(),
    reject: () => void editor.lookback.reject(),
    "range start": () => editor.timeline.mark("first"),
    "range end": () => editor.timeline.mark("last"),
    "clear range": () => {
      editor.timeline.range.value = null;
    },
    "propagate range": () => ranges.propagate(),
    "interpolate range": () => ranges.interpolate(),
    "delete range": () => ranges.delete(),
    "timeline in": () => editor.timeline.zoom(1.5),
    "timeline out": () => editor.timeline.zoom(1 / 1.5),
    "next issue in time": () => jumps.issue(1),
    "previous issue in time": () => jumps.issue(-1),
    "next crossing": () => jumps.issue(1, "crossing"),
    "previous crossing": () => jumps.issue(-1, "crossing"),
    "next gap": () => jumps.gap(1),
    "previous gap": () => jumps.gap(-1),
    "next track end": () => jumps.end(1),
    "previous track end": () => jumps.end(-1),
    "auto propagate": () => void store.setAutoPropagate(!store.options.value.auto_propagate),
    stop: () => void store.cancel(null),
    assign: () => questions.ask("assign"),
    swap: () => questions.ask("swap"),
    merge: () => questions.ask("merge"),
    split: () => questions.ask("split"),
    "next issue": () => void review.next(),
    "previous issue": () => review.previous(),
    "accept issue": () => void review.resolve("accepted"),
    "mend issue": () => {
      if (!review.mend()) store.say("info", "There is nothing to propose here: correct it, or press N.");
    },
    "ignore issue": () => void review.resolve("ignored"),
    names: toggle(editor.names),
    "focus person": toggle(editor.focus),
    trails: () => editor.overlays.cycleTrails(),
    "onion skin": () => editor.overlays.cycleSkin(),
    "follow person": () => editor.follow.toggle(),
    curve: () => editor.curve.cycle(),
    hide: () => {
      editor.hidden.value = true;
    },
    fit: () => viewport.fit(),
    "zoom to person": () => editor.zoomToPerson(),
    "zoom in": () => viewport.zoom(1.25),
    "zoom out": () => viewport.zoom(0.8),
    "pan left": () => viewport.panBy(PAN, 0),
    "pan right": () => viewport.panBy(-PAN, 0),
    "pan up": () => viewport.panBy(0, PAN),
    "pan down": () => viewport.panBy(0, -PAN),
    "whole person": toggle(editor.whole),
    grow: () => edits.transform(1.02, 0),
    shrink: () => edits.transform(1 / 1.02, 0),
    "turn right": () => edits.transform(1, 1),
    "turn left": () => edits.transform(1, -1),
    "full screen": () => editor.onFullScreen(),
    settings: () => editor.openTab("view"),
    "people tab": () => editor.openTab("people"),
    "review tab": () => editor.openTab("review"),
    "guide tab": () => editor.openTab("guide"),
    "accept here": () => void editor.desk.say("accepted"),
    "reject here": () => void editor.desk.say("rejected"),
    "reopen here": () => void editor.desk.forget(),
    "next unchecked": () => void editor.desk.next(),
    comment: () => editor.openComment(),
    export: () => editor.exporting.start(),
    undo: () => edits.step("undo"),
    redo: () => edits.step("redo"),
    saved: () => saySaved(editor),
    help: toggle(editor.help),
    escape: () => stepBack(editor),
  };
}

/** One thing at a time: a gesture or an open question, then what is running, then the selection, then the focus. */
function stepBack(editor: Editor): void {
  const { store, questions } = editor;
  if (editor.edits.forget()) return;
  if (editor.help.value) editor.help.value = false;
  else if (editor.exporting.open.value) editor.exporting.open.value = false;
  else if (editor.whole.value) editor.whole.value = false;
  else if (editor.edits.limits.value) editor.edits.limits.value = null;
  else if (questions.open.value) questions.close();
  else if (cancellable(editor.tool.value)) editor.input({ type: "cancel" });
  else if (store.carrying.value) void store.cancel(null);
  else if (editor.lookback.open.value) editor.lookback.open.value = false;
  else if (editor.review.issue.value) editor.review.leave();
  else if (editor.timeline.range.value) editor.timeline.range.value = null;
  else if (editor.selected.value !== null) editor.select(null);
  else editor.onLeave();
}

/** Ctrl+S: there is nothing to do, which is said. */
function saySaved(editor: Editor): void {
  const state = editor.store.state.value;
  if (!state) return;
  if (state.read_only) editor.store.say("info", "Read-only: nothing can be changed here.");
  else if (state.store === null) editor.store.say("info", "Kept in memory only, as it was opened.");
  else editor.store.say("info", `Everything is saved in ${state.store} at once; there is nothing to do.`);
}
