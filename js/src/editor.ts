/**
 * One view's state and everything it can do: where one is, who is selected, what is being done. No page is needed, so
 * tests drive it as it is.
 */

import { batch, computed, type Signal, signal } from "@preact/signals-core";
import type { Box, Part } from "./boxes";
import { type Point, toImage } from "./camera";
import { commandsOf } from "./commands";
import { Curve } from "./curve";
import { Desk } from "./desk";
import { applyDrafts, type Draft } from "./drafts";
import { Editing } from "./editing";
import { perform } from "./effects";
import { Exporting } from "./exporting";
import { Follow } from "./follow";
import { earlier, type Ghost } from "./ghosts";
import { Guide } from "./guide";
import { type Hit, hitTest, NOTHING, reachOf } from "./hit";
import { KeyboardPointer } from "./keyboard_pointer";
import { Keymap } from "./keymap";
import type { Command } from "./keys";
import { Lookback } from "./lookback";
import { Navigation } from "./navigation";
import { Overlays } from "./overlays";
import { bounds, type FramePoses, type Pose, placed } from "./poses";
import { byDigits } from "./prompt";
import { Questions } from "./questions";
import { Review } from "./review";
import type { Store } from "./store";
import { Timeline } from "./timeline";
import { type Context, IDLE, type Input, type ToolState, transition } from "./tools/machine";
import { Viewport } from "./viewport";

const DIGITS_PAUSE = 700; // ms within which digits make one number

export interface Hovered {
  track_id: number;
  k: number | null;
  part?: Part; // of the person's box
}
/** What the panel shows. */
export type Tab = "people" | "review" | "guide" | "view";

export class Editor {
  readonly nav: Navigation;
  readonly viewport: Viewport;
  readonly edits: Editing;
  readonly questions: Questions;
  readonly review: Review;
  readonly timeline: Timeline;
  readonly curve: Curve;
  readonly desk: Desk;
  readonly exporting: Exporting;
  readonly lookback: Lookback;
  readonly overlays: Overlays;
  readonly follow: Follow;
  readonly guide: Guide;
  readonly selected: Signal<number | null> = signal<number | null>(null);
  readonly keypoint: Signal<number | null> = signal<number | null>(null);
  readonly hovered: Signal<Hovered | null> = signal<Hovered | null>(null);
  readonly pointer: Signal<Point | null> = signal<Point | null>(null);
  readonly tool: Signal<ToolState> = signal<ToolState>(IDLE);
  /** What a gesture would do, drawn and not done. */
  readonly preview: Signal<Draft | null> = signal<Draft | null>(null);
  readonly boxPreview: Signal<Box | null> = signal<Box | null>(null);
  readonly names: Signal<boolean> = signal(false);
  /** Boxes are shown, and the selected person's can be moved and resized. */
  readonly boxes: Signal<boolean> = signal(false);
  readonly focus: Signal<boolean> = signal(false);
  readonly hidden: Signal<boolean> = signal(false);
  readonly help: Signal<boolean> = signal(false);
  readonly tab: Signal<Tab> = signal<Tab>("people");
  /** Drags move whole people, for who has no Alt key at hand. */
  readonly whole: Signal<boolean> = signal(false);
  /** The pointer that is down is a finger. */
  readonly touching: Signal<boolean> = signal(false);
  /** A sheet covers everything. */
  readonly covered = computed(() => this.help.value || this.exporting.open.value);
  readonly keymap = computed(() => new Keymap(this.keys.value));
  readonly keyboard = new KeyboardPointer(this);
  /** What the page is asked to do. */
  onGoTo: () => void = () => {};
  onLeave: () => void = () => {};
  onFocus: () => void = () => {};
  onFullScreen: () => void = () => {};
  onComment: () => void = () => {};
  onTab: (tab: Tab) => void = () => {};
  readonly commands: Record<Command, () => void>;
  /** The people of the frame on the screen, as they are drawn. */
  readonly people = computed<FramePoses>(() => {
    this.store.poseVersion.value;
    const frame = this.nav.shown.value;
    if (frame === null) return new Map();
    const people = this.store.peopleAt(frame);
    const preview = this.preview.value;
    return preview ? applyDrafts(people, [preview], frame) : (people ?? new Map());
  });
  private readonly presentIds = computed(() => [...this.people.value.keys()].join(" "));
  /** Who is in the frame on the screen: the same list while somebody is dragged. */
  readonly present = computed<readonly number[]>(() => {
    const ids = this.presentIds.value;
    return ids === "" ? [] : ids.split(" ").map(Number);
  });
  /** Other poses beneath the people: of frames beside, as they were before, as they would be. */
  readonly ghosts = computed<readonly Ghost[]>(() => [
    ...this.overlays.skin.value,
    ...earlier(this.lookback.before.value, this.people.value),
    ...this.review.ghosts.value,
  ]);
  /** How often the key that is held has repeated. */
  repeats = 0;
  private typed = { text: "", at: 0 };
  /** The same object while no key was changed, so that the table is not made anew with each turn of a dial. */
  private readonly keys = computed(() => this.store.preferences.wishes.value.keys);

  constructor(readonly store: Store) {
    this.nav = new Navigation(store);
    this.viewport = new Viewport(store);
    this.edits = new Editing(this);
    this.questions = new Questions(this);
    this.review = new Review(this);
    this.timeline = new Timeline(this);
    this.curve = new Curve(this);
    this.lookback = new Lookback(this);
    this.overlays = new Overlays(this);
    this.follow = new Follow(this);
    this.guide = new Guide(this);
    this.desk = new Desk(this);
    this.exporting = new Exporting(store);
    this.commands = commandsOf(this);
    this.nav.onLeaving = () => {
      this.edits.flush();
      this.guide.end();
    };
  }

  close(): void {
    this.edits.flush();
    this.timeline.close();
    this.curve.close();
    this.lookback.close();
    this.review.close();
    this.follow.close();
    this.desk.close();
    this.nav.close();
  }

  /** Show a tab and go into it; once more goes back to the people and the picture. */
  openTab(tab: Tab): void {
    const again = this.tab.value === tab;
    this.tab.value = again ? "people" : tab;
    if (again) this.onFocus();
    else this.onTab(tab);
  }

  openComment(): void {
    this.tab.value = "review";
    this.onComment();
  }

  // -- who is selected ---------------------------------------------------------------------------------------------

  select(track_id: number | null, k: number | null = null): void {
    if (track_id !== this.selected.value || k !== this.keypoint.value) this.edits.flush();
    batch(() => {
      this.selected.value = track_id;
      this.keypoint.value = track_id === null ? null : k;
    });
  }

  /** Select a person, and go where they are if they are not here. */
  visit(track_id: number): void {
    const person = this.store.person(track_id);
    if (!person) return this.store.say("info", `There is no person ${track_id}.`);
    this.select(track_id);
    const here = this.nav.frame.value;
    if (here < person.first) this.nav.goTo(person.first);
    else if (here > person.last) this.nav.goTo(person.last);
    this.reveal();
  }

  selectedPose(): Pose | undefined {
    const id = this.selected.value;
    return id === null ? undefined : this.people.value.get(id);
  }

  selectBeside(step: 1 | -1): void {
    const people = this.store.state.value?.people ?? [];
    const here = people.filter((p) => this.people.value.has(p.track_id));
    const list = here.length > 0 ? here : people;
    if (list.length === 0) return;
    const at = list.findIndex((p) => p.track_id === this.selected.value);
    const first = step > 0 ? 0 : list.length - 1;
    this.select(list[at < 0 ? first : (at + step + list.length) % list.length]!.track_id);
    this.reveal();
  }

  keypointBeside(step: 1 | -1): void {
    const n = this.store.clip.value?.skeleton.keypoints.length ?? 0;
    if (this.selected.value === null || n === 0) return this.needPerson();
    const at = this.keypoint.value ?? (step > 0 ? -1 : n);
    this.select(this.selected.value, (at + step + n) % n);
  }

  /** A digit selects a person, or answers the question that is open. */
  digit(digit: string): void {
    const now = performance.now();
    const ids = (this.store.state.value?.people ?? []).map((p) => p.track_id);
    const { typed, id } = byDigits(now - this.typed.at < DIGITS_PAUSE ? this.typed.text : "", digit, ids);
    this.typed = { text: typed, at: now };
    if (id === null) this.store.say("info", `There is no person ${digit}.`);
    else if (this.questions.open.value) this.questions.pick(id);
    else this.select(id);
  }

  needPerson(): void {
    this.store.say("info", `Select a person first: click one, or press ${this.keymap.value.keyOf("next person")}.`);
  }

  zoomToPerson(): void {
    const pose = this.selectedPose();
    const box = pose && bounds(pose);
    if (box) this.viewport.zoomTo(box);
    else this.store.say("info", "Select a person who is in this frame first.");
  }

  /** Move the picture so that the selected person can be seen. */
  reveal(): void {
    const pose = this.selectedPose();
    const box = pose && bounds(pose);
    if (box) this.viewport.reveal(box);
  }

  // -- the pointer -------------------------------------------------------------------------------------------------

  input(input: Input): void {
    if (input.type === "cancel") this.guide.end();
    else this.pointer.value = input.at;
    const [state, effects] = transition(this.tool.value, input, this.context());
    batch(() => {
      this.tool.value = state;
      for (const effect of effects) perform(this, effect);
      const free = state.name === "idle" || state.name === "picking";
      if (input.type === "move" && free) this.hover(this.hitAt(input.at, input.pointerType));
    });
  }

  leavePointer(): void {
    this.pointer.value = null;
    this.hovered.value = null;
  }

  /** The picture has moved beneath the pointer. */
  lookAgain(): void {
    const { name } = this.tool.value;
    if (this.hovered.value && (name === "idle" || name === "picking")) this.hover(this.hitAtPointer());
  }

  hitAtPointer(): Hit {
    return this.pointer.value ? this.hitAt(this.pointer.value, "mouse") : NOTHING;
  }

  /** A point of the screen on the image, or the nearest one that is. */
  imagePoint(at: Point): [number, number] {
    return this.clamp(toImage(this.viewport.camera.value, at));
  }

  clamp([x, y]: Point): [number, number] {
    const { width, height } = this.viewport.image;
    return [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
  }

  private hover(hit: Hit): void {
    const hovered = hit.what === "nothing" ? null : { k: null, ...hit };
    if (JSON.stringify(hovered) !== JSON.stringify(this.hovered.value)) this.hovered.value = hovered;
  }

  private hitAt(at: Point, pointerType: string): Hit {
    const clip = this.store.clip.value;
    if (!clip || this.hidden.value) return NOTHING;
    const camera = this.viewport.camera.value;
    const reach = reachOf(pointerType, camera.scale);
    const { edges } = clip.skeleton;
    return hitTest(this.reachable(), edges, toImage(camera, at), reach, this.selected.value, this.boxes.value);
  }

  /** Whom the pointer may take: while one person is focused nobody else, unless somebody is to be picked. */
  private reachable(): FramePoses {
    const people = this.people.value;
    const id = this.selected.value;
    if (!this.focus.value || id === null || this.tool.value.name === "picking") return people;
    const own = people.get(id);
    return own ? new Map([[id, own]]) : new Map();
  }

  private context(): Context {
    return {
      hit: (at, type) => this.hitAt(at, type),
      image: (at) => toImage(this.viewport.camera.value, at),
      keypoint: (track_id, k) => {
        const pose = this.people.value.get(track_id);
        return pose && placed(pose, k) ? [pose.xy[2 * k]!, pose.xy[2 * k + 1]!] : null;
      },
      box: (track_id) => {
        const pose = this.people.value.get(track_id);
        return pose ? bounds(pose) : null;
      },
      clamp: (point) => this.clamp(point),
      size: this.viewport.image,
      canEdit: this.store.canEdit.value && this.nav.shown.value !== null,
    };
  }
}
