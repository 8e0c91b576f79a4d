/** The range of frames that is selected, what can be done with it, and what is pointed at in the timeline. */

import { type CurveTable, valueAt } from "../curve";
import { plain } from "../draw/labels";
import type { Editor } from "../editor";
import { ANCHOR, CARRIED, FILLED, STALE, WAITING } from "../lanes";
import type { Pointed } from "../timeline";
import { button } from "./button";
import { h, setText, type Watch } from "./dom";

export function rangeBar(editor: Editor, watch: Watch): HTMLElement {
  const words = h("span");
  const changing = [
    button(editor, "propagate range", "carryBoth"),
    button(editor, "interpolate range", "interpolate"),
    button(editor, "delete range", "trash"),
  ];
  const element = h(
    "div",
    { class: "impose-range-bar", role: "group", "aria-label": "Selected frames" },
    words,
    ...changing,
    button(editor, "clear range", "close"),
  );
  watch(() => {
    const range = editor.timeline.range.value;
    element.hidden = range === null;
    if (!range) return;
    const [first, last] = range;
    setText(words, first === last ? `Frame ${first}` : `Frames ${first}–${last}`);
    element.title = `${last - first + 1} frames are selected`;
    for (const b of changing) b.disabled = !editor.store.canEdit.value;
  });
  return element;
}

export function pointedWords(editor: Editor, watch: Watch): HTMLElement {
  const element = h("span", { class: "impose-pointed" });
  watch(() => {
    const pointed = editor.timeline.pointed.value;
    setText(element, pointed ? wordsOf(editor, pointed) : "");
    element.dataset.issue = String(pointed?.issue != null);
  });
  return element;
}

/** "left wrist 82 % sure", "person 3: 14 px from the frame before". */
export function curveWords(table: CurveTable, frame: number): string[] {
  const { track_id, keypoint, what } = table;
  const who = keypoint === null ? `person ${track_id}` : plain(keypoint);
  const value = valueAt(table, frame);
  if (value === null) return [`${who}: not here`];
  return [what === "score" ? `${who} ${Math.round(100 * value)} % sure` : `${who} moved ${value.toFixed(1)} px`];
}

/** "frame 40 · person 3 · 82 % sure · propagated". */
function wordsOf(editor: Editor, { frame, track_id, issue, part }: Pointed): string {
  if (part === "number") return `person ${track_id}`;
  const words = [`frame ${frame}`];
  const curve = editor.curve.table.value;
  if (part === "curve" && curve) words.push(...curveWords(curve, frame));
  if (track_id !== null) {
    const there = editor.timeline.at(track_id, frame);
    words.push(`person ${track_id}`);
    if (there) words.push(`${Math.round(100 * there.sure)} % sure`, ...marksOf(there.marks));
    else words.push("not here");
  }
  if (issue) words.push(`${issue.kind}${issue.keypoint ? ` (${plain(issue.keypoint)})` : ""}: ${issue.reason}`);
  return words.join(" · ");
}

function marksOf(marks: number): string[] {
  const names: [number, string][] = [
    [ANCHOR, "anchor"],
    [CARRIED, "propagated"],
    [FILLED, "interpolated or imported"],
    [WAITING, "not propagated yet"],
    [STALE, "a propagation stopped before it came here"],
  ];
  return names.filter(([bit]) => marks & bit).map(([, name]) => name);
}
