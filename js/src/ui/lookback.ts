/** The panel for looking back at the last propagation: what it did, and which part of it to take back. */

import { plural } from "../draw/labels";
import type { Editor } from "../editor";
import { countFrames, difference, type Where } from "../lookback";
import type { Span } from "../protocol";
import { fill, h, setText, type Watch } from "./dom";

export function lookbackPanel(editor: Editor, watch: Watch): HTMLElement {
  const { lookback } = editor;
  const words = h("p");
  const choices = h("div", { class: "impose-limits" });
  const reject = h(
    "button",
    { type: "button", class: "impose-primary impose-danger", onclick: () => void lookback.reject() },
    "Reject",
  );
  const element = h(
    "section",
    { class: "impose-section impose-lookback", role: "group", "aria-label": "Last propagation" },
    h("h3", {}, "Before the last propagation"),
    words,
    choices,
    h(
      "div",
      { class: "impose-row" },
      reject,
      h("button", { type: "button", class: "impose-secondary", onclick: () => lookback.keep() }, "Keep it"),
    ),
  );
  watch(() => {
    element.hidden = !lookback.open.value || lookback.last.value === null;
    if (element.hidden) return;
    setText(words, summaryOf(editor));
    fill(choices, frames(editor), people(editor));
    const { frames: span, tracks } = lookback.part();
    const whole = span === null && tracks === null;
    const n = countFrames(lookback.last.value?.frames ?? [], span);
    fill(reject, whole ? "Reject all" : "Reject part", h("kbd", {}, editor.keymap.value.keyOf("reject")));
    reject.disabled = !editor.store.canEdit.value || n === 0;
  });
  return element;
}

/** "38 frames of persons 0 and 2. Here 12 keypoints moved, the farthest by 14 px." */
function summaryOf(editor: Editor): string {
  const { frames, track_ids } = editor.lookback.last.value!;
  const who =
    track_ids.length > 4
      ? plural(track_ids.length, "person", "people")
      : `${track_ids.length > 1 ? "people" : "person"} ${track_ids.join(", ")}`;
  const { keypoints, farthest } = difference(editor.lookback.before.value, editor.people.value);
  const here =
    keypoints === 0
      ? "Nothing moved in this frame."
      : `Here ${plural(keypoints, "keypoint")} changed, the farthest by ${farthest.toFixed(1)} px.`;
  return `${plural(countFrames(frames), "frame")} of ${who} changed. ${here}`;
}

function frames(editor: Editor): HTMLElement {
  const range = editor.timeline.range.value;
  const options: [Where, string][] = [["all", "all frames"]];
  if (range) options.push(["range", spanWords(range)]);
  options.push(["frame", "this frame"]);
  return segment("Frames", editor.lookback.chosen.value, options, (value) => {
    editor.lookback.where.value = value;
  });
}

function people(editor: Editor): HTMLElement | null {
  const id = editor.selected.value;
  if (id === null) return null;
  const { whose } = editor.lookback;
  const options: ["all" | "selected", string][] = [
    ["all", "everybody"],
    ["selected", `person ${id}`],
  ];
  return segment("Whose", whose.value, options, (value) => {
    whose.value = value;
  });
}

const spanWords = ([a, b]: Span): string => (a === b ? `frame ${a}` : `frames ${a}–${b}`);

function segment<T extends string>(
  label: string,
  now: T,
  options: readonly (readonly [T, string])[],
  choose: (value: T) => void,
): HTMLElement {
  return h(
    "div",
    {
      class: "impose-scopes",
      role: "group",
      "aria-label": label,
    },
    ...options.map(([value, text]) =>
      h(
        "button",
        {
          type: "button",
          class: "impose-scope",
          "aria-pressed": String(value === now),
          onclick: () => choose(value),
        },
        text,
      ),
    ),
  );
}
