/** One view: puts an editor on the page. Listeners, sizes, and one animation frame in which everything is drawn. */

import { untracked } from "@preact/signals-core";
import type { Area } from "./camera";
import { cursorOf } from "./cursor";
import { paintOf } from "./draw/palette";
import { drawScene, type Scene } from "./draw/skeleton";
import { Stage } from "./draw/stage";
import { Editor } from "./editor";
import { listenKeys } from "./listen_keys";
import { listenPointer } from "./listen_pointer";
import { previewOf } from "./prompt";
import type { Store } from "./store";
import { canvasColours, watchScheme } from "./theme";
import { banner, hint } from "./ui/banner";
import { nameKeys } from "./ui/button";
import { h, type Watch, watcher } from "./ui/dom";
import { exportSheet } from "./ui/export";
import { helpSheet } from "./ui/help";
import { type Lens, lens } from "./ui/lens";
import { liveRegion } from "./ui/live";
import { peoplePanel } from "./ui/people";
import { statusLine } from "./ui/status";
import { toolbar } from "./ui/toolbar";
import { transport } from "./ui/transport";

/** Shows the editor in `el` until `signal` is aborted. */
export function view(store: Store, el: HTMLElement, signal: AbortSignal): Editor {
  const editor = new Editor(store);
  const watch = watcher(signal);
  const stage = new Stage(document);
  const root = h("div", {
    class: "impose",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "pose editor",
    "data-lm-suppress-shortcuts": "true",
    "data-impose-state": "loading",
  });
  const height = store.bridge.trait("_height");
  if (typeof height === "number") root.style.setProperty("--impose-height", `${height}px`);
  const bar = transport(editor, watch, root);
  const glass = lens(editor);
  const stageElement = h(
    "div",
    { class: "impose-stage" },
    stage.picture,
    stage.overlay,
    glass.element,
    hint(editor, watch),
    banner(editor, watch),
  );
  const body = h(
    "div",
    { class: "impose-body" },
    toolbar(editor, watch),
    stageElement,
    peoplePanel(editor, watch),
    bar.element,
    statusLine(editor, watch),
  );
  root.append(body, helpSheet(editor, watch), exportSheet(editor, watch), liveRegion(editor, watch, signal));
  el.append(root);
  editor.onGoTo = () => bar.focusNumber();
  editor.onLeave = () => root.blur();
  editor.onFocus = () => root.focus({ preventScroll: true });
  editor.onTab = (tab) => root.querySelector<HTMLElement>(`[role=tab][data-tab=${tab}]`)?.focus();
  editor.onFullScreen = () => void fullScreen(root).catch((error: Error) => store.say("info", error.message));
  editor.onComment = () => root.querySelector<HTMLElement>("textarea")?.focus();
  nameKeys(editor, root, watch);
  watch(() => {
    body.inert = editor.covered.value;
  });
  watch(() => {
    const { brightness, contrast } = store.preferences.wishes.value;
    const filter = brightness === 1 && contrast === 1 ? "" : `brightness(${brightness}) contrast(${contrast})`;
    root.style.setProperty("--impose-filter", filter || "none");
  });

  const scheme = watchScheme(document, signal);
  let pending = 0;
  let sceneChanged = true;
  let stageColour = "";
  let barChanged = true; // what is dragged in the picture is not in the timeline
  let barLooks = "";
  const redraw = () => {
    if (pending === 0 && !signal.aborted) pending = requestAnimationFrame(draw);
  };
  const draw = (now: number) => {
    pending = 0;
    // Read each time: a host may bring the style sheet after the view.
    const colours = canvasColours(root);
    editor.nav.tick(now);
    if (sceneChanged || colours.stage !== stageColour) drawAll(editor, stage, colours.stage, root, glass);
    sceneChanged = false;
    stageColour = colours.stage;
    const looks = Object.values(colours).join();
    if (barChanged || looks !== barLooks) bar.draw(colours, devicePixelRatio);
    barChanged = false;
    barLooks = looks;
    if (editor.nav.playing.peek()) redraw();
  };
  const resize = () => {
    const { clientWidth, clientHeight } = stageElement;
    if (clientWidth === 0 || clientHeight === 0) return;
    if (stage.resize(clientWidth, clientHeight, devicePixelRatio)) editor.viewport.resize(stage.view);
    bar.resize();
    sceneChanged = true;
    barChanged = true;
    redraw();
  };
  const sizes = new ResizeObserver(resize);
  sizes.observe(stageElement);
  sizes.observe(bar.element);

  watch(() => {
    root.dataset.imposeScheme = scheme.value;
    sceneChanged = true;
    barChanged = true;
    redraw();
  });
  watch(() => {
    touchBar(editor);
    barChanged = true;
    redraw();
  });
  watch(() => {
    touch(editor);
    sceneChanged = true;
    redraw();
  });
  watch(() => {
    const clip = store.clip.value;
    if (!clip) return;
    stageElement.style.aspectRatio = `${clip.video.width} / ${clip.video.height}`;
    root.setAttribute("aria-label", `Poses of ${clip.video.name}`);
    untracked(() => {
      resize();
      editor.viewport.resize(stage.view);
      editor.nav.goTo(editor.nav.frame.value);
    });
  });
  watch(() => {
    store.state.value?.revision;
    store.bridge.link.value;
    untracked(() => editor.timeline.follow());
  });
  watch(() => editor.curve.follow());
  watch(() => {
    editor.nav.shown.value;
    editor.viewport.camera.value;
    untracked(() => editor.lookAgain());
  });
  watch(() => {
    const frame = editor.nav.frame.value;
    const id = editor.selected.value;
    untracked(() => editor.timeline.keep(frame, id));
  });
  watch(() => {
    const place = store.asked.value;
    if (!place) return;
    untracked(() => {
      editor.nav.goTo(place.frame);
      if (place.track_id !== null) editor.select(place.track_id);
    });
  });
  watch(() => {
    const { scale, x, y } = editor.viewport.camera.value;
    root.dataset.imposeCamera = [scale, x, y].map((v) => v.toFixed(3)).join(" "); // for who drives the page
  });
  watch(() => {
    root.dataset.imposeRevision = String(store.state.value?.revision ?? -1);
    root.dataset.imposeFrame = String(editor.nav.frame.value);
    root.dataset.imposeState = stateOf(editor);
  });
  describe(editor, stage.overlay, watch);
  listenKeys(editor, root, signal);
  listenPointer(editor, stage.overlay, root, signal);
  signal.addEventListener(
    "abort",
    () => {
      cancelAnimationFrame(pending);
      sizes.disconnect();
      editor.close();
      root.remove();
    },
    { once: true },
  );
  return editor;
}

/** The whole screen, or back; not every host gives a widget the right to. */
async function fullScreen(root: HTMLElement): Promise<void> {
  if (document.fullscreenElement) return document.exitFullscreen();
  if (!document.fullscreenEnabled) throw new Error("The page around does not allow the full screen.");
  await root.requestFullscreen();
}

/** Reads every signal that changes the timeline. */
function touchBar({ store, timeline, nav, selected, review, lookback, curve }: Editor): void {
  const { time, scroll, range, pointed, overview, detail } = timeline;
  const own = [time, scroll, range, pointed, overview, detail];
  const signals = [...own, nav.frame, selected, curve.what, curve.table, review.issue, lookback.open, lookback.last];
  for (const s of [...signals, store.clip, store.state, store.carried, store.issues, store.preferences.wishes]) s.value;
}

/** Reads every signal that changes the picture, so that a watch runs again when one does. */
function touch(editor: Editor): void {
  const { store } = editor;
  const signals = [
    editor.people,
    editor.nav.shown,
    editor.nav.frame,
    editor.selected,
    editor.keypoint,
    editor.hovered,
    editor.viewport.camera,
    editor.names,
    editor.boxes,
    editor.focus,
    editor.hidden,
    editor.questions.open,
    editor.boxPreview,
    editor.ghosts,
    editor.overlays.trails,
    editor.nav.playing,
    editor.review.issue,
    editor.tool,
    editor.touching,
    store.state,
    store.pictureVersion,
    store.preferences.wishes,
  ];
  for (const s of signals) s.value;
  if (crosshair(editor)) editor.pointer.value;
}

function crosshair(editor: Editor): boolean {
  const { name } = editor.tool.value;
  return name === "boxing" || name === "placing";
}

function drawAll(editor: Editor, stage: Stage, background: string, root: HTMLElement, glass: Lens): void {
  const clip = editor.store.clip.peek();
  const shown = editor.nav.shown.peek();
  const camera = editor.viewport.camera.peek();
  const picture = shown === null ? null : (editor.store.frames?.picture(shown) ?? null);
  const playing = editor.nav.playing.peek() !== null;
  if (picture || shown === null) stage.drawPicture(picture, camera, editor.viewport.image, background, playing);
  const scene = clip && shown !== null ? sceneOf(editor, stage.view) : null;
  stage.drawOverlay((g) => {
    if (scene && !editor.hidden.peek()) drawScene(g, scene);
  });
  if (scene) glass.draw(picture, scene, editor.viewport.image, background, devicePixelRatio);
  if (shown !== null && picture) root.dataset.imposeShown = String(shown);
}

function sceneOf(editor: Editor, area: Area): Scene {
  const { as, gone } = previewOf(editor.questions.open.peek());
  const colours = new Map((editor.store.state.peek()?.people ?? []).map((p) => [p.track_id, p.colour]));
  return {
    camera: editor.viewport.camera.peek(),
    view: area,
    skeleton: editor.store.clip.value!.skeleton,
    people: editor.people.peek(),
    ghosts: editor.ghosts.peek(),
    trails: editor.overlays.trails.peek(),
    colour: (id) => colours.get(as.get(id) ?? id) ?? "#c8c8cd",
    label: (id) => as.get(id) ?? id,
    gone,
    selected: editor.selected.peek(),
    keypoint: editor.keypoint.peek(),
    hovered: editor.hovered.peek(),
    names: editor.names.peek(),
    boxes: editor.boxes.peek(),
    focus: editor.focus.peek(),
    box: editor.boxPreview.peek(),
    crosshair: crosshair(editor) ? editor.pointer.peek() : null,
    looks: editor.store.preferences.wishes.peek(),
  };
}

/** What tests, and people, wait for. */
function stateOf(editor: Editor): "loading" | "ready" | "busy" | "dead" {
  const { store } = editor;
  if (store.bridge.link.value === "dead") return "dead";
  const shown = editor.nav.shown.value;
  store.poseVersion.value;
  if (shown === null || shown !== editor.nav.frame.value || !store.peopleAt(shown)) return "loading";
  return store.carrying.value || store.saving.value > 0 || store.bridge.busy.value ? "busy" : "ready";
}

/** The picture in words, and the pointer's shape. */
function describe(editor: Editor, overlay: HTMLCanvasElement, watch: Watch): void {
  overlay.setAttribute("role", "img");
  watch(() => {
    const names = editor.present.value.map((id) => `person ${id}`).join(", ") || "nobody";
    overlay.setAttribute("aria-label", `Frame ${editor.nav.shown.value ?? 0}: ${names}`);
  });
  watch(() => {
    overlay.style.cursor = cursorOf(editor.tool.value.name, editor.hovered.value);
  });
  watch(() => {
    const id = editor.selected.value;
    const colour = editor.store.person(id)?.colour;
    overlay.parentElement?.style.setProperty("--impose-person", colour ? paintOf(colour).middle : "");
  });
}
