/** The key sheet, made from the table of keys. */

import type { Editor } from "../editor";
import { GESTURES, type Group, KEYS, readable } from "../keys";
import { h, type Watch } from "./dom";

export function helpSheet(editor: Editor, watch: Watch): HTMLElement {
  const groups = [...new Set(KEYS.map((e) => e.group))];
  const close = h(
    "button",
    { type: "button", class: "impose-secondary", onclick: () => (editor.help.value = false) },
    "Close",
    h("kbd", {}, "Esc"),
  );
  const element = h(
    "div",
    { class: "impose-help", role: "dialog", "aria-label": "Keys" },
    h("header", {}, h("strong", {}, "Keys"), close),
    h("div", { class: "impose-columns" }, pointerGroup(), ...groups.map(keyGroup), legend()),
  );
  watch(() => {
    element.hidden = !editor.help.value;
  });
  return element;
}

function keyGroup(group: Group): HTMLElement {
  return section(
    group,
    KEYS.filter((e) => e.group === group && !e.command.startsWith("nudge")).map((e) =>
      row(e.keys.map(readable), e.words),
    ),
    group === "Keypoints"
      ? [row(["Alt+arrows"], "nudge the keypoint"), row(["Alt+Shift+arrows"], "nudge it by 10")]
      : [],
  );
}

function pointerGroup(): HTMLElement {
  return section(
    "Pointer",
    GESTURES.map(([what, words]) => row([what], words)),
  );
}

function section(name: string, ...rows: HTMLElement[][]): HTMLElement {
  return h("section", {}, h("h4", {}, name), h("dl", {}, ...rows.flat()));
}

function row(keys: readonly string[], words: string): HTMLElement {
  return h("div", {}, h("dt", {}, ...keys.map((key) => h("kbd", {}, key))), h("dd", {}, words));
}

/** What the marks in the picture mean. */
function legend(): HTMLElement {
  const mark = (kind: string, words: string) =>
    h("div", {}, h("dt", {}, h("span", { class: `impose-mark impose-mark-${kind}` })), h("dd", {}, words));
  return h(
    "section",
    {},
    h("h4", {}, "Marks"),
    h(
      "dl",
      {},
      mark("read", "read by the network"),
      mark("carried", "propagated from a correction"),
      mark("anchor", "placed by hand: no machine moves it"),
      mark("hollow", "occluded (hollow)"),
      mark("left", "left side of the body (lighter)"),
      mark("right", "right side of the body (darker)"),
    ),
  );
}
