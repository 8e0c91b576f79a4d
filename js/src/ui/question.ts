/** The open question about identities, over the picture: whom, where, and what will happen. */

import { paintOf } from "../draw/palette";
import type { Editor } from "../editor";
import { editOf, explanation, needsOther, type Prompt, SCOPES, scopeWords, title, VERBS } from "../prompt";
import type { Person } from "../protocol";
import { fill, h, type Watch } from "./dom";

export function question(editor: Editor, watch: Watch): HTMLElement {
  const element = h("section", { class: "impose-section impose-question", role: "dialog", "aria-label": "Question" });
  watch(() => {
    const prompt = editor.questions.open.value;
    const state = editor.store.state.value;
    element.hidden = !prompt || !state;
    if (!prompt || !state) return fill(element);
    const confirm = h(
      "button",
      {
        type: "button",
        class: prompt.kind === "delete" ? "impose-primary impose-danger" : "impose-primary",
        onclick: () => editor.questions.confirm(),
      },
      VERBS[prompt.kind],
      h("kbd", {}, "↵"),
    );
    confirm.disabled = !editOf(prompt, state);
    fill(
      element,
      h("h3", {}, title(prompt)),
      needsOther(prompt.kind) ? candidates(editor, prompt, state.people) : null,
      scopes(editor, prompt),
      h("p", {}, explanation(prompt, state.people)),
      h(
        "div",
        { class: "impose-row" },
        confirm,
        h(
          "button",
          { type: "button", class: "impose-secondary", onclick: () => editor.questions.close() },
          "Cancel",
          h("kbd", {}, "Esc"),
        ),
      ),
    );
  });
  return element;
}

function candidates(editor: Editor, prompt: Prompt, people: readonly Person[]): HTMLElement {
  const here = editor.people.peek();
  const others = people.filter((p) => p.track_id !== prompt.track_id);
  others.sort((a, b) => Number(here.has(b.track_id)) - Number(here.has(a.track_id)) || a.track_id - b.track_id);
  const chip = (id: number | "new", text: string, colour: string | null) => {
    const b = h(
      "button",
      {
        type: "button",
        class: "impose-choice",
        "aria-pressed": String(prompt.other === id),
        onclick: () => editor.questions.pick(id),
      },
      text,
    );
    if (colour) b.style.setProperty("--impose-choice", paintOf(colour).middle);
    return b;
  };
  return h(
    "div",
    { class: "impose-choices", role: "group", "aria-label": "Person" },
    ...others.map((p) => chip(p.track_id, String(p.track_id), p.colour)),
    prompt.kind === "assign" ? chip("new", "new person", null) : null,
  );
}

function scopes(editor: Editor, prompt: Prompt): HTMLElement | null {
  if (SCOPES[prompt.kind].length === 0) return null;
  const range = typeof prompt.scope === "string" ? editor.timeline.range.value : prompt.scope;
  const all = range ? [range, ...SCOPES[prompt.kind]] : SCOPES[prompt.kind];
  return h(
    "div",
    { class: "impose-scopes", role: "group", "aria-label": "Where" },
    ...all.map((scope) =>
      h(
        "button",
        {
          type: "button",
          class: "impose-scope",
          "aria-pressed": String(String(prompt.scope) === String(scope)),
          onclick: () => editor.questions.setScope(scope),
        },
        scopeWords(scope),
      ),
    ),
  );
}
