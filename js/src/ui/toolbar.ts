/** The row above the picture: undo, carrying, tools, and whether everything is saved. */

import type { Editor } from "../editor";
import { button } from "./button";
import { h, setText, type Watch } from "./dom";
import { icon } from "./icons";

export function toolbar(editor: Editor, watch: Watch): HTMLElement {
  const { store } = editor;
  const undo = button(editor, "undo", "undo");
  const redo = button(editor, "redo", "redo");
  const carry = [
    button(editor, "propagate backward", "carryBack"),
    button(editor, "propagate both", "carryBoth"),
    button(editor, "propagate forward", "carryOn", "Propagate"),
    button(editor, "propagate with limits", "chevron"),
  ];
  const back = button(editor, "look back", "ghost");
  const auto = h("input", {
    type: "checkbox",
    onchange: () => editor.commands["auto propagate"](),
  });
  const box = button(editor, "box", "box", "Add person");
  const names = button(editor, "names", "names");
  const trails = button(editor, "trails", "trails");
  const skin = button(editor, "onion skin", "skin");
  const follow = button(editor, "follow person", "follow");
  const issue = button(editor, "next issue", "flag", "Next issue");
  watch(() => {
    const state = store.state.value;
    const can = store.canEdit.value;
    const map = editor.keymap.value;
    undo.disabled = !can || !state?.undo;
    redo.disabled = !can || !state?.redo;
    undo.title = state?.undo ? `Undo: ${state.undo} (${map.keyOf("undo")})` : "Nothing to undo";
    redo.title = state?.redo ? `Redo: ${state.redo} (${map.keyOf("redo")})` : "Nothing to redo";
    for (const b of [...carry, box]) b.disabled = !can;
    auto.disabled = !can;
    auto.checked = store.options.value.auto_propagate;
    issue.disabled = store.bridge.link.value !== "ready";
  });
  watch(() => {
    names.setAttribute("aria-pressed", String(editor.names.value));
    trails.setAttribute("aria-pressed", String(editor.overlays.trailReach.value > 0));
    skin.setAttribute("aria-pressed", String(editor.overlays.skinReach.value > 0));
    follow.setAttribute("aria-pressed", String(editor.follow.on.value));
    back.setAttribute("aria-pressed", String(editor.lookback.open.value));
    box.setAttribute("aria-pressed", String(editor.tool.value.name === "boxing"));
  });
  return h(
    "div",
    { class: "impose-toolbar", role: "toolbar", "aria-label": "Tools" },
    h("div", { class: "impose-group" }, undo, redo),
    h("div", { class: "impose-group impose-carry" }, ...carry, back),
    h(
      "label",
      { class: "impose-check", title: "Propagate by itself after each correction (U)" },
      auto,
      h("span", { class: "impose-switch", "aria-hidden": "true" }),
      "Auto",
    ),
    h("div", { class: "impose-group" }, box),
    h("div", { class: "impose-group" }, issue),
    h("div", { class: "impose-space" }),
    h(
      "div",
      { class: "impose-group" },
      names,
      trails,
      skin,
      follow,
      button(editor, "fit", "fit"),
      button(editor, "zoom to person", "zoomIn"),
      button(editor, "full screen", "screen"),
      button(editor, "export", "file"),
      button(editor, "settings", "settings"),
      button(editor, "help", "help"),
    ),
    saved(editor, watch),
  );
}

/** "Saved", once the kernel has said so. */
function saved(editor: Editor, watch: Watch): HTMLElement {
  const { store } = editor;
  const text = h("span");
  const mark = h("span", { class: "impose-saved-mark", "aria-hidden": "true" });
  const element = h("div", { class: "impose-saved", role: "status" }, mark, text);
  watch(() => {
    const [state, words, why] = savedOf(editor);
    element.dataset.state = state;
    element.title = why;
    setText(text, words);
    mark.replaceChildren(icon(store.saving.value > 0 ? "saving" : "saved"));
  });
  return element;
}

/** State for the style sheet, words to show, words for who asks. */
function savedOf({ store }: Editor): [state: string, words: string, why: string] {
  const link = store.bridge.link.value;
  const state = store.state.value;
  if (link === "connecting") return ["off", "Connecting…", "Waiting for the kernel."];
  if (link === "dead" || !state) return ["off", "Not connected", "The kernel does not answer."];
  if (state.read_only) return ["readonly", "Read-only", "Another session is writing; nothing can be changed here."];
  if (store.saving.value > 0) return ["saving", "Saving…", "On its way to the kernel."];
  if (state.store === null) return ["saved", "Memory only", "Kept in memory only, as it was opened."];
  return ["saved", "Saved", `Every edit is kept at once in ${state.store}.`];
}
