/** The row below the picture: steps, play, the frame's number and time, and the scrub bar. */

import { drawTimeline, frameAt, type TimelineColours } from "../draw/timeline";
import type { Editor } from "../editor";
import { button } from "./button";
import { fill, h, setText, type Watch } from "./dom";
import { icon } from "./icons";

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
    if (document.activeElement !== number) number.value = String(frame);
    number.style.width = `${Math.max(3, String(clip?.video.n_frames ?? 0).length) + 1.5}ch`;
    setText(total, clip ? `/ ${clip.video.n_frames - 1} · ${(clip.times[frame] ?? 0).toFixed(2)} s` : "");
  });
  watch(() => fill(play, icon(editor.nav.playing.value ? "pause" : "play")));
  const bar = scrubBar(editor, watch);
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
    h("div", { class: "impose-counter" }, number, total),
    bar.canvas,
  );
  return { element, focusNumber: () => number.focus(), draw: bar.draw, resize: bar.resize };
}

function scrubBar(editor: Editor, watch: Watch) {
  const { store } = editor;
  const canvas = h("canvas", {
    class: "impose-scrub",
    role: "slider",
    tabindex: "0",
    "aria-label": "Frame",
    "aria-valuemin": "0",
  });
  let size = { width: 0, height: 0 };
  const resize = () => {
    size = { width: canvas.clientWidth, height: canvas.clientHeight };
  };
  let held: number | null = null;
  const frameOf = (event: PointerEvent): number => {
    const n = store.clip.peek()?.video.n_frames ?? 1;
    return frameAt(event.clientX - canvas.getBoundingClientRect().left, n, size.width);
  };
  const seek = (event: PointerEvent) => editor.nav.goTo(frameOf(event));
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = event.pointerId;
    canvas.setPointerCapture(held);
    seek(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    editor.glance.value = frameOf(event);
    if (event.pointerId === held) seek(event);
  });
  canvas.addEventListener("pointerleave", () => {
    editor.glance.value = null;
  });
  for (const end of ["pointerup", "pointercancel"] as const)
    canvas.addEventListener(end, () => {
      held = null;
    });
  watch(() => {
    const clip = store.clip.value;
    const frame = editor.nav.frame.value;
    canvas.setAttribute("aria-valuemax", String((clip?.video.n_frames ?? 1) - 1));
    canvas.setAttribute("aria-valuenow", String(frame));
    canvas.setAttribute("aria-valuetext", `frame ${frame}`);
  });
  const draw = (colours: TimelineColours, ratio: number) => {
    const clip = store.clip.peek();
    const state = store.state.peek();
    const g = canvas.getContext("2d");
    const [w, h] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    if (!g) return;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, w, h);
    if (!clip || !state || w === 0) return;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const issue = editor.review.issue.peek();
    drawTimeline(g, {
      ...size,
      nFrames: clip.video.n_frames,
      frame: editor.nav.frame.peek(),
      glance: editor.glance.peek(),
      state,
      selected: editor.selected.peek(),
      issue: issue ? [issue.frame, issue.frame_end] : null,
      carried: store.carried.peek(),
      colours,
    });
  };
  return { canvas, draw, resize };
}
