/** The guidelines: what they say of everybody in the frame on the screen, and their text. */

import { judgement } from "../desk";
import { paintOf } from "../draw/palette";
import type { Editor } from "../editor";
import type { Verdict } from "../protocol";
import { fill, h, setText, type Watch } from "./dom";
import { markdown } from "./markdown";

export function guidePanel(editor: Editor, watch: Watch): HTMLElement {
  const { desk } = editor;
  const title = h("h3");
  const here = h("ul", { class: "impose-judged" });
  const text = h("div", { class: "impose-markdown" });
  const source = h("p", { class: "impose-note" });
  watch(() => {
    const judged = desk.judged.value;
    const frame = editor.nav.shown.value;
    if (!judged || judged.frame !== frame) return;
    setText(title, `Frame ${frame}`);
    const rows = judged.people.map((person) => judgedRow(editor, person));
    fill(here, ...(rows.length > 0 ? rows : [h("li", { class: "impose-empty" }, "Nobody is here.")]));
  });
  watch(() => {
    const guide = desk.guide.value;
    if (!guide) return fill(text, h("p", {}, "…"));
    fill(text, ...markdown(guide.text));
    const policy = { ignore_region: "become ignore regions", drop: "are left out", keep: "are kept" }[guide.policy];
    const whose = guide.file ?? "as they ship; guidelines.toml beside the video makes them the project's own";
    setText(source, `${guide.name} (${whose}). In files, people who do not meet them ${policy ?? guide.policy}.`);
  });
  return h("section", { class: "impose-section impose-guide" }, title, here, text, source);
}

function judgedRow(editor: Editor, person: Verdict): HTMLElement {
  const swatch = h("span", { class: "impose-swatch", "aria-hidden": "true" });
  const colour = editor.store.person(person.track_id)?.colour;
  if (colour) swatch.style.background = paintOf(colour).middle;
  return h(
    "li",
    { "data-track": person.track_id, "data-meets": String(person.meets) },
    h(
      "button",
      { type: "button", class: "impose-person", onclick: () => editor.select(person.track_id) },
      swatch,
      h("span", { class: "impose-name" }, `person ${person.track_id}`),
      h("span", { class: "impose-judgement" }, judgement(person)),
    ),
  );
}
