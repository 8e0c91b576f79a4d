/** The panel for a propagation with limits. */

import { plain } from "../draw/labels";
import type { Editor } from "../editor";
import { type Limits, orderOf } from "../propagation";
import { fill, h, setText, type Watch } from "./dom";

export function propagationPanel(editor: Editor, watch: Watch): HTMLElement {
  const { edits } = editor;
  const stop = h("input", {
    class: "impose-field",
    type: "text",
    inputmode: "numeric",
    "aria-label": "Stop at frame",
    placeholder: "as far as it helps",
    oninput: () => edits.limit({ stop: stop.value }),
    onkeydown: (event: Event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Enter") edits.propagateLimited();
      if (key === "Escape") edits.limits.value = null;
    },
  });
  const words = h("p");
  const go = h(
    "button",
    { type: "button", class: "impose-primary", onclick: () => edits.propagateLimited() },
    "Propagate",
    h("kbd", {}, "↵"),
  );
  const choices = h("div", { class: "impose-limits" });
  const element = h(
    "section",
    { class: "impose-section impose-propagation", role: "dialog", "aria-label": "Propagate" },
    h("h3", {}, "Propagate…"),
    choices,
    h("label", { class: "impose-row" }, "Stop at frame", stop),
    words,
    h(
      "div",
      { class: "impose-row" },
      go,
      h(
        "button",
        { type: "button", class: "impose-secondary", onclick: () => (edits.limits.value = null) },
        "Cancel",
        h("kbd", {}, "Esc"),
      ),
    ),
  );
  watch(() => {
    const limits = edits.limits.value;
    element.hidden = limits === null;
    if (!limits) return;
    const order = orderOf(limits, edits.here());
    setText(words, typeof order === "string" ? order : "What a human placed stays as it is.");
    go.disabled = typeof order === "string";
    stop.disabled = limits.direction === "both";
    if (document.activeElement !== stop) stop.value = limits.stop;
    fill(choices, ...segments(editor, limits));
  });
  return element;
}

function segments(editor: Editor, limits: Limits): HTMLElement[] {
  const id = editor.selected.value;
  const k = editor.keypoint.value;
  const names = editor.store.clip.value?.skeleton.keypoints ?? [];
  return [
    segment(editor, "Direction", limits.direction, [
      [{ direction: "backward" }, "backward"],
      [{ direction: "both" }, "both"],
      [{ direction: "forward" }, "forward"],
    ]),
    segment(editor, "Whose", limits.whose, [
      [{ whose: "corrected" }, "corrected"],
      [{ whose: "selected" }, id === null ? "selected" : `person ${id}`],
      [{ whose: "everyone" }, "everyone"],
    ]),
    segment(editor, "Keypoints", limits.one, [
      [{ one: false }, "all keypoints"],
      [{ one: true }, k === null ? "one" : plain(names[k]!)],
    ]),
  ];
}

function segment(
  editor: Editor,
  label: string,
  now: unknown,
  options: readonly (readonly [Partial<Limits>, string])[],
): HTMLElement {
  return h(
    "div",
    {
      class: "impose-scopes",
      role: "group",
      "aria-label": label,
      style: `grid-template-columns: repeat(${options.length}, 1fr)`,
    },
    ...options.map(([change, words]) =>
      h(
        "button",
        {
          type: "button",
          class: "impose-scope",
          "aria-pressed": String(Object.values(change)[0] === now),
          onclick: () => editor.edits.limit(change),
        },
        words,
      ),
    ),
  );
}
