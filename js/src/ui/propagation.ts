/** The panel for a propagation with limits. */

import { short } from "../draw/labels";
import { paintOf } from "../draw/palette";
import type { Editor } from "../editor";
import { type Limits, orderOf, toggled } from "../propagation";
import { fill, h, setText, type Watch } from "./dom";
import { focusedNear } from "./focus";

export function propagationPanel(editor: Editor, watch: Watch): HTMLElement {
  const { edits } = editor;
  const first = frameField(editor, "first", "First frame");
  const last = frameField(editor, "last", "Last frame");
  const words = h("p");
  const go = h(
    "button",
    { type: "button", class: "impose-primary", onclick: () => edits.propagateLimited() },
    "Propagate",
    h("kbd", {}, "↵"),
  );
  const choices = h("div", { class: "impose-limits" });
  const keypoints = h("div", { class: "impose-keypoints", role: "group", "aria-label": "Keypoints" });
  const element = h(
    "section",
    { class: "impose-section impose-propagation", role: "dialog", "aria-label": "Propagate" },
    h("h3", {}, "Propagate…"),
    choices,
    h("div", { class: "impose-row" }, h("label", { class: "impose-row" }, "Frames", first), "to", last),
    keypoints,
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
    if (focusedNear(first) !== first) first.value = limits.first;
    if (focusedNear(last) !== last) last.value = limits.last;
    fill(choices, directions(editor, limits), people(editor, limits));
    fill(keypoints, ...keypointChips(editor, limits));
  });
  return element;
}

function frameField(editor: Editor, end: "first" | "last", label: string): HTMLInputElement {
  const { edits } = editor;
  const field = h("input", {
    class: "impose-field",
    type: "text",
    inputmode: "numeric",
    "aria-label": label,
    placeholder: "any",
    title: "Empty: as far as it says more than the reading",
    oninput: () => edits.limit({ [end]: field.value }),
    onkeydown: (event: Event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Enter") edits.propagateLimited();
      if (key === "Escape") edits.limits.value = null;
    },
  });
  return field;
}

function directions(editor: Editor, limits: Limits): HTMLElement {
  const all = ["backward", "both", "forward"] as const;
  return h(
    "div",
    { class: "impose-scopes impose-three", role: "group", "aria-label": "Direction" },
    ...all.map((direction) =>
      h(
        "button",
        {
          type: "button",
          class: "impose-scope",
          "aria-pressed": String(limits.direction === direction),
          onclick: () => editor.edits.limit({ direction }),
        },
        direction,
      ),
    ),
  );
}

/** Those who were corrected, everyone, or any number of people. */
function people(editor: Editor, limits: Limits): HTMLElement {
  const chosen = typeof limits.people === "string" ? [] : limits.people;
  const words = (["corrected", "all"] as const).map((who) =>
    h(
      "button",
      {
        type: "button",
        class: "impose-choice",
        "aria-pressed": String(limits.people === who),
        onclick: () => editor.edits.limit({ people: who }),
      },
      who === "all" ? "everyone" : who,
    ),
  );
  const numbers = (editor.store.state.value?.people ?? []).map(({ track_id, colour }) => {
    const chip = h(
      "button",
      {
        type: "button",
        class: "impose-choice",
        "aria-label": `Person ${track_id}`,
        "aria-pressed": String(chosen.includes(track_id)),
        onclick: () => editor.edits.limit({ people: toggled(chosen, track_id) }),
      },
      String(track_id),
    );
    chip.style.setProperty("--impose-choice", paintOf(colour).middle);
    return chip;
  });
  return h("div", { class: "impose-choices", role: "group", "aria-label": "Whose" }, ...words, ...numbers);
}

/** All of them, or any. */
function keypointChips(editor: Editor, limits: Limits): HTMLElement[] {
  const names = editor.store.clip.value?.skeleton.keypoints ?? [];
  const chip = (text: string, on: boolean, choose: () => void) =>
    h("button", { type: "button", class: "impose-chip", "aria-pressed": String(on), onclick: choose }, text);
  const { keypoints } = limits;
  return [
    chip("all keypoints", keypoints === null, () => editor.edits.limit({ keypoints: null })),
    ...names.map((name, k) =>
      chip(short(name), keypoints?.includes(k) ?? false, () =>
        editor.edits.limit({ keypoints: toggled(keypoints ?? [], k) }),
      ),
    ),
  ];
}
