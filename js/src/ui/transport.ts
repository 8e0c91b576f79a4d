/** The rows below the picture: steps, play, the frame's number and time, what is pointed at; and the timeline. */

import type { TimelineColours } from "../draw/timeline";
import type { Editor } from "../editor";
import { SPEEDS } from "../navigation";
import { button } from "./button";
import { fill, h, setText, type Watch } from "./dom";
import { focusedNear } from "./focus";
import { icon } from "./icons";
import { pointedWords, rangeBar } from "./range";
import { timelineView } from "./timeline";

export interface Transport {
  element: HTMLElement;
  focusNumber(): void;
  draw(colours: TimelineColours, ratio: number): void;
  resize(): void;
}

export function transport(editor: Editor, watch: Watch, root: HTMLElement): Transport {
  const { store } = editor;
  const play = button(editor, "play", "play");
  const number = h("input", {
    class: "impose-field impose-number",
    type: "text",
    inputmode: "numeric",
    "aria-label": "Frame",
    title: "Go to a frame (J)",
  });
  const total = h("span", { class: "impose-total", title: "Frames are numbered from 0" });
  number.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") number.value = String(editor.nav.frame.peek());
    else goThere();
    root.focus({ preventScroll: true });
  });
  const goThere = () => {
    const frame = Number.parseInt(number.value, 10);
    if (Number.isFinite(frame) && frame !== editor.nav.frame.peek()) editor.nav.goTo(frame);
  };
  number.addEventListener("change", goThere);
  number.addEventListener("blur", () => {
    number.value = String(editor.nav.frame.peek());
  });
  number.addEventListener("focus", () => number.select());
  watch(() => {
    const clip = store.clip.value;
    const frame = editor.nav.frame.value;
    if (focusedNear(number) !== number) number.value = String(frame);
    number.style.width = `${Math.max(3, String(clip?.video.n_frames ?? 0).length) + 1.5}ch`;
    setText(total, clip ? `/ ${clip.video.n_frames - 1} · ${(clip.times[frame] ?? 0).toFixed(2)} s` : "");
  });
  watch(() => fill(play, icon(editor.nav.playing.value ? "pause" : "play")));
  const speed = h("button", {
    type: "button",
    class: "impose-button impose-speed",
    "aria-label": "Speed of playing",
    onclick: () => editor.nav.setSpeed(SPEEDS[(SPEEDS.indexOf(editor.nav.speed.peek()) + 1) % SPEEDS.length]!),
  });
  watch(() => {
    const map = editor.keymap.value;
    speed.title = `Speed of playing (${map.keyOf("slower")} slower, ${map.keyOf("faster")} faster)`;
  });
  watch(() => setText(speed, `${editor.nav.speed.value}×`));
  const curve = button(editor, "curve", "curve");
  watch(() => {
    const on = editor.curve.what.value !== null;
    curve.setAttribute("aria-pressed", String(on));
    root.dataset.imposeCurve = String(on);
  });
  const bar = timelineView(editor, watch, root);
  const element = h(
    "div",
    { class: "impose-transport" },
    h(
      "div",
      { class: "impose-group impose-steps" },
      button(editor, "first frame", "first"),
      button(editor, "back ten", "back"),
      button(editor, "previous frame", "previous"),
      play,
      button(editor, "next frame", "next"),
      button(editor, "on ten", "forward"),
      button(editor, "last frame", "last"),
    ),
    speed,
    curve,
    h("div", { class: "impose-counter" }, number, total),
    rangeBar(editor, watch),
    pointedWords(editor, watch),
    bar.canvas,
  );
  return { element, focusNumber: () => number.focus(), draw: bar.draw, resize: bar.resize };
}
