/** A sheet over the whole editor: what is below it cannot be used until it is closed. */

import { type Signal, untracked } from "@preact/signals-core";
import type { Editor } from "../editor";
import { h, type Watch } from "./dom";

export function dialog(
  editor: Editor,
  watch: Watch,
  open: Signal<boolean>,
  title: string,
  kind: string,
  ...children: (Node | string)[]
): HTMLElement {
  const close = h(
    "button",
    { type: "button", class: "impose-secondary", onclick: () => (open.value = false) },
    "Close",
    h("kbd", {}, "Esc"),
  );
  const element = h(
    "div",
    { class: `impose-dialog ${kind}`, role: "dialog", "aria-label": title, tabindex: "-1", hidden: true },
    h("div", { class: "impose-head" }, h("h2", {}, title), close),
    ...children,
  );
  watch(() => {
    const shown = open.value;
    const before = !element.hidden;
    element.hidden = !shown;
    if (shown && !before) untracked(() => element.focus({ preventScroll: true }));
    else if (!shown && before) untracked(() => editor.onFocus());
  });
  return element;
}
