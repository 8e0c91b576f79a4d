/** What must be known before anything else: the kernel is gone, or has not answered yet; and what the tool waits for. */

import { plain } from "../draw/labels";
import type { Editor } from "../editor";
import { title, VERBS } from "../prompt";
import { h, setText, type Watch } from "./dom";

const BY_KEYS = "or Alt+arrows, Enter";

export function banner(editor: Editor, watch: Watch): HTMLElement {
  const { store } = editor;
  const element = h("div", { class: "impose-banner", role: "alert" });
  watch(() => {
    const dead = store.bridge.link.value === "dead";
    const { value: refused } = store.refused;
    element.hidden = !dead && refused === null;
    const kept =
      store.state.value?.store === null
        ? "It was kept in memory only. Run the cell again to start anew."
        : "Nothing is lost: every edit is on disk. Run the cell again to go on.";
    setText(element, dead ? `The kernel has stopped. ${kept}` : (refused ?? ""));
  });
  return element;
}

/** A few words over the picture while the tool waits for something. */
export function hint(editor: Editor, watch: Watch): HTMLElement {
  const element = h("div", { class: "impose-hint", "aria-live": "polite" });
  watch(() => {
    const words = hintWords(editor);
    element.hidden = words === "";
    setText(element, words);
  });
  return element;
}

function hintWords(editor: Editor): string {
  const tool = editor.tool.value;
  const prompt = editor.questions.open.value;
  if (prompt && tool.name === "picking")
    return prompt.other === null
      ? `${title(prompt)} Click a person · Esc cancels`
      : `${VERBS[prompt.kind]}: Enter · Esc cancels`;
  if (tool.name === "boxing") return `Drag a box around the person (${BY_KEYS}) · Esc cancels`;
  if (tool.name === "placing") {
    const name = editor.store.clip.value?.skeleton.keypoints[tool.k] ?? "keypoint";
    const { rest, total } = editor.guide;
    const left = rest.value.length;
    if (left === 0) return `Click where the ${plain(name)} is (${BY_KEYS}) · Esc cancels`;
    return `Where is the ${plain(name)}? (${total - left + 1} of ${total}) · right click: occluded · E skips · Esc ends`;
  }
  if (editor.store.bridge.link.value === "connecting" && editor.store.refused.value === null)
    return "Waiting for the kernel…";
  return "";
}
