/** A region that screen readers read out: said once things have come to rest. */

import { untracked } from "@preact/signals-core";
import type { Editor } from "../editor";
import { type Moment, spoken } from "../speech";
import { h, setText, type Watch } from "./dom";

const REST = 350; // ms

export function liveRegion(editor: Editor, watch: Watch, signal: AbortSignal): HTMLElement {
  const element = h("div", { class: "impose-live", role: "status", "aria-live": "polite" });
  let before: Moment | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = () => {
    const now = untracked(() => momentOf(editor));
    if (!now) return;
    const words = spoken(before, now);
    before = now;
    if (words) setText(element, words);
  };
  watch(() => {
    const moment = momentOf(editor);
    const playing = editor.nav.playing.value !== null;
    clearTimeout(timer);
    if (moment && !playing) timer = setTimeout(say, REST);
  });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return element;
}

function momentOf(editor: Editor): Moment | null {
  const frame = editor.nav.shown.value;
  const clip = editor.store.clip.value;
  if (frame === null || !clip) return null;
  return {
    frame,
    people: editor.people.value,
    selected: editor.selected.value,
    keypoint: editor.keypoint.value,
    names: clip.skeleton.keypoints,
  };
}
