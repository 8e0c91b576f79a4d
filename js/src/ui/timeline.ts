/** The canvas of the timeline, and the pointer over it. */

import type { Area } from "../camera";
import { Kept } from "../draw/kept";
import { drawGround, drawPlace, type TimelineColours, type TimelineScene } from "../draw/timeline";
import type { Editor } from "../editor";
import { FOOT, GUTTER, HEAD } from "../timeline";
import { h, type Watch } from "./dom";
import { hasFocus } from "./focus";
import { curveWords } from "./range";

const ZOOM = 0.0022; // per pixel of the wheel
const LINE = 18; // pixels, for wheels that count lines
const SLIP = 3; // CSS pixels that a click may move

export interface TimelineView {
  canvas: HTMLCanvasElement;
  draw(colours: TimelineColours, ratio: number): void;
  resize(): void;
}

export function timelineView(editor: Editor, watch: Watch, root: HTMLElement): TimelineView {
  const { store, timeline } = editor;
  const canvas = h("canvas", {
    class: "impose-scrub",
    role: "slider",
    tabindex: "0",
    "aria-label": "Frame",
    "aria-valuemin": "0",
  });
  listen(editor, canvas, root);
  watch(() => {
    const clip = store.clip.value;
    const frame = editor.nav.frame.value;
    canvas.setAttribute("aria-valuemax", String((clip?.video.n_frames ?? 1) - 1));
    canvas.setAttribute("aria-valuenow", String(frame));
    const curve = editor.curve.table.value;
    canvas.setAttribute("aria-valuetext", [`frame ${frame}`, ...(curve ? curveWords(curve, frame) : [])].join(", "));
  });
  let size = { width: 0, height: 0 };
  const resize = () => {
    size = { width: canvas.clientWidth, height: canvas.clientHeight };
    if (size.width > 0) timeline.resize(size.width, size.height);
  };
  const ground = new Kept();
  const draw = (colours: TimelineColours, ratio: number) => {
    const g = canvas.getContext("2d");
    const [w, h] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    if (!g) return;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, w, h);
    const scene = w === 0 ? null : sceneOf(editor, size, colours);
    if (!scene) return;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    ground.draw(g, groundOf(scene), (own) => drawGround(own, scene));
    drawPlace(g, scene);
  };
  return { canvas, draw, resize };
}

function sceneOf(editor: Editor, size: Area, colours: TimelineColours): TimelineScene | null {
  const { store, timeline, lookback } = editor;
  const clip = store.clip.peek();
  const state = store.state.peek();
  if (!clip || !state) return null;
  const seen = lookback.open.peek() ? (lookback.last.peek()?.frames ?? []) : [];
  return {
    ...size,
    gutter: GUTTER,
    head: HEAD,
    foot: FOOT,
    strip: timeline.strip,
    curve: editor.curve.table.peek(),
    layout: timeline.layout,
    scroll: timeline.scroll.peek(),
    time: timeline.time.peek(),
    nFrames: clip.video.n_frames,
    frame: editor.nav.frame.peek(),
    glance: timeline.pointed.peek()?.frame ?? null,
    state,
    tables: [timeline.detail.peek(), timeline.overview.peek()].filter((t) => t !== null),
    issues: store.issues.peek(),
    selected: editor.selected.peek(),
    issue: editor.review.issue.peek(),
    range: timeline.range.peek(),
    carried: [...store.carried.peek(), ...seen],
    colours,
  };
}

/** What the ground is drawn from; lists that are made for each scene by what is in them. */
function groundOf(scene: TimelineScene): unknown[] {
  const { frame: _, glance: __, layout, tables, carried, colours, ...rest } = scene;
  return [...Object.values(rest), ...[layout, colours].flatMap(Object.values), ...tables, tables.length, ...carried];
}

type Held = { id: number; what: "seek" | "range" | "pan" | "bar"; from: number; frame: number; last: number };

function listen(editor: Editor, canvas: HTMLCanvasElement, root: HTMLElement): void {
  const { timeline, nav } = editor;
  let held: Held | null = null;
  const place = (event: MouseEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    const there = timeline.point(x, y);
    if (event.button > 1) return;
    event.preventDefault();
    root.focus({ preventScroll: true });
    if (there.part === "number" && event.button === 0) return editor.select(there.track_id);
    const what =
      event.button === 1 ? "pan" : there.part === "bar" ? "bar" : event.shiftKey ? "range" : ("seek" as const);
    held = { id: event.pointerId, what, from: x, frame: there.frame, last: x };
    canvas.setPointerCapture(event.pointerId);
    if (what === "seek") nav.goTo(there.frame);
    else act(held, x, true);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    timeline.pointed.value = timeline.point(x, y);
    if (event.pointerId === held?.id) act(held, x, false);
  });
  canvas.addEventListener("pointerleave", () => {
    timeline.pointed.value = null;
  });
  canvas.addEventListener("pointercancel", () => {
    held = null;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (event.pointerId !== held?.id) return;
    const [x, y] = place(event);
    const click = Math.abs(x - held.from) < SLIP;
    if (held.what === "seek" && click) clicked(editor, x, y);
    if (held.what === "range" && click) timeline.range.value = null;
    held = null;
  });
  canvas.addEventListener("dblclick", (event) => {
    if (timeline.point(...place(event)).part === "bar") timeline.zoom(1e-9);
  });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => wheel(editor, event, place(event), root), { passive: false });

  function act(now: Held, x: number, first: boolean): void {
    const frame = timeline.frameAt(x);
    if (now.what === "seek") nav.goTo(frame);
    else if (now.what === "range") timeline.select(now.frame, frame);
    else if (now.what === "bar") timeline.centre(x);
    else if (!first) timeline.panPixels(x - now.last);
    now.last = x;
  }
}

/** A click on the mark of an issue shows it; on a person's lane it selects them as well. */
function clicked(editor: Editor, x: number, y: number): void {
  const { frame, track_id, issue } = editor.timeline.point(x, y);
  if (issue) editor.review.look(issue);
  else if (track_id !== null && editor.timeline.at(track_id, frame)) editor.select(track_id);
}

/** Turned: zoom at the pointer; sideways or with Shift: move; over the numbers or with Alt: scroll the lanes. */
function wheel(editor: Editor, event: WheelEvent, [x, y]: [number, number], root: HTMLElement): void {
  const { timeline } = editor;
  if (!hasFocus(root) && !event.ctrlKey) return editor.store.say("info", "Click the timeline to zoom with the wheel.");
  event.preventDefault();
  const unit = event.deltaMode === 1 ? LINE : 1;
  const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
  if (Math.abs(dx) > Math.abs(dy)) timeline.panPixels(-dx * unit);
  else if (event.altKey || timeline.point(x, y).part === "number") timeline.scrollBy(dy * unit);
  else timeline.zoom(Math.exp(-dy * unit * ZOOM), x);
  timeline.pointed.value = timeline.point(x, y);
}
