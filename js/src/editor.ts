/**
 * One view's state and everything it can do: where one is, who is selected, what is being done. No page is needed, so
 * tests drive it as it is.
 */

import { batch, computed, type Signal, signal } from "@preact/signals-core";
import { type Area, type Camera, fit, fitBox, type Point, pan, resized, sees, toImage, zoomAt } from "./camera";
import { applyDrafts, type Draft, nextVisibility } from "./drafts";
import { type Hit, hitTest, NOTHING, reachOf } from "./hit";
import type { Command } from "./keys";
import { advance, type Playing } from "./playback";
import { bounds, type FramePoses, type Pose, placed } from "./poses";
import { type Cursor, moved } from "./prefetch";
import { byDigits, editOf, needsOther, type Prompt, type PromptKind } from "./prompt";
import { ABSENT, type Direction, type Issue, isAnchor, type Scope, VISIBLE, visibilityOf } from "./protocol";
import type { Clip, Store } from "./store";
import { type Context, cancellable, type Effect, IDLE, type Input, type ToolState, transition } from "./tools/machine";

const NUDGE_PAUSE = 350; // ms after which nudges, or turns of the wheel, are one edit
const DIGITS_PAUSE = 700; // ms within which digits make one number
const REST = 150; // ms without a step after which a view is at rest

export interface Hovered {
  track_id: number;
  k: number | null;
}

export class Editor {
  readonly frame: Signal<number> = signal(0);
  /** The frame whose picture is on the screen; what is drawn and edited is always this one. */
  readonly shown: Signal<number | null> = signal<number | null>(null);
  readonly selected: Signal<number | null> = signal<number | null>(null);
  readonly keypoint: Signal<number | null> = signal<number | null>(null);
  readonly hovered: Signal<Hovered | null> = signal<Hovered | null>(null);
  readonly tool: Signal<ToolState> = signal<ToolState>(IDLE);
  readonly camera: Signal<Camera> = signal<Camera>({ scale: 1, x: 0, y: 0 });
  readonly playing: Signal<Playing | null> = signal<Playing | null>(null);
  readonly names: Signal<boolean> = signal(false);
  readonly focus: Signal<boolean> = signal(false);
  readonly hidden: Signal<boolean> = signal(false);
  readonly help: Signal<boolean> = signal(false);
  readonly prompt: Signal<Prompt | null> = signal<Prompt | null>(null);
  readonly issue: Signal<Issue | null> = signal<Issue | null>(null);
  readonly preview: Signal<Draft | null> = signal<Draft | null>(null);
  readonly boxPreview: Signal<[number, number, number, number] | null> = signal<
    [number, number, number, number] | null
  >(null);
  readonly pointer: Signal<Point | null> = signal<Point | null>(null);
  /** Whom or what the view asks its page to do. */
  onGoTo: () => void = () => {};
  onLeave: () => void = () => {};
  readonly commands: Record<Command, () => void>;
  readonly people = computed<FramePoses>(() => {
    this.store.poseVersion.value;
    const frame = this.shown.value;
    if (frame === null) return new Map();
    const preview = this.preview.value;
    const people = this.store.peopleAt(frame);
    return preview ? applyDrafts(people, [preview], frame) : (people ?? new Map());
  });
  private view: Area = { width: 1, height: 1 };
  private fitted = true;
  private cursor: Cursor = { frame: 0, direction: 1, rate: 0, jumping: false };
  private movedAt = 0;
  private resting: ReturnType<typeof setTimeout> | null = null;
  private pendingEdit: { timer: ReturnType<typeof setTimeout>; send: () => void } | null = null;
  private typed = { text: "", at: 0 };
  private boxFor: number | null = null;
  private readonly visited: Issue[] = [];

  constructor(readonly store: Store) {
    this.commands = this.makeCommands();
  }

  get clip(): Clip | null {
    return this.store.clip.value;
  }

  get image(): Area {
    return this.clip?.video ?? { width: 1, height: 1 };
  }

  close(): void {
    this.flush();
    if (this.resting) clearTimeout(this.resting);
    this.store.leave(this);
  }

  // -- where one is ------------------------------------------------------------------------------------------------

  /** Go to a frame; its picture is shown as soon as it is there. */
  goTo(frame: number, by: "hand" | "clock" = "hand"): void {
    const { clip } = this;
    if (!clip) return;
    const to = Math.min(clip.video.n_frames - 1, Math.max(0, Math.round(frame)));
    if (by === "hand") this.playing.value = null;
    if (to !== this.frame.value) this.flush();
    const now = performance.now();
    this.cursor = moved(this.cursor, to, now, this.movedAt);
    this.movedAt = now;
    this.frame.value = to;
    this.follow();
    if (this.resting) clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.cursor = { ...this.cursor, rate: 0, jumping: false };
      this.follow();
    }, REST);
  }

  /** Tell the stores what is on the screen and where it is heading. */
  follow(): void {
    this.store.frames?.follow(this, this.cursor);
    this.store.show(this, this.frame.value);
  }

  /** A picture may have come: show it if it is the one that is wanted. */
  settle(): void {
    const frame = this.frame.value;
    if (this.shown.value !== frame && this.store.frames?.ready(frame)) this.shown.value = frame;
  }

  step(by: number): void {
    this.goTo(this.frame.value + by);
  }

  togglePlay(): void {
    const last = (this.clip?.video.n_frames ?? 1) - 1;
    if (this.playing.value) this.playing.value = null;
    else {
      if (this.frame.value >= last) this.goTo(0);
      this.playing.value = { frame: this.frame.value, since: performance.now() };
    }
  }

  /** Called once a screen refresh. */
  tick(now: number): void {
    const { clip } = this;
    const playing = this.playing.value;
    if (playing && clip && this.store.frames) {
      const { frames } = this.store;
      const next = advance(playing, this.frame.value, now, clip.times, (f) => frames.ready(f));
      if (!next) this.playing.value = null;
      else {
        if (next.playing !== playing) this.playing.value = next.playing;
        if (next.frame !== this.frame.value) this.goTo(next.frame, "clock");
        else this.follow();
      }
    }
    this.settle();
  }

  private anchorBeside(direction: 1 | -1): void {
    const id = this.selected.value;
    const here = this.frame.value;
    const frames = (this.store.state.value?.anchors ?? [])
      .filter(([frame, track]) => (id === null || track === id) && (frame - here) * direction > 0)
      .map(([frame]) => frame);
    if (frames.length === 0)
      this.store.say("info", direction > 0 ? "No anchor after this frame." : "No anchor before this frame.");
    else this.goTo(direction > 0 ? Math.min(...frames) : Math.max(...frames));
  }

  // -- the camera --------------------------------------------------------------------------------------------------

  resize(view: Area): void {
    const before = this.view;
    this.view = view;
    if (this.fitted || before.width <= 1) this.fit();
    else this.camera.value = resized(this.camera.value, before, view, this.image);
  }

  fit(): void {
    this.fitted = true;
    this.camera.value = fit(this.view, this.image);
  }

  zoom(factor: number, at: Point = [this.view.width / 2, this.view.height / 2]): void {
    this.fitted = false;
    this.camera.value = zoomAt(this.camera.value, at, factor, this.view, this.image);
  }

  private panBy(dx: number, dy: number): void {
    this.fitted = false;
    this.camera.value = pan(this.camera.value, dx, dy, this.view, this.image);
  }

  zoomToPerson(): void {
    const pose = this.selectedPose();
    const box = pose && bounds(pose);
    if (!box) return this.store.say("info", "Select a person who is in this frame first.");
    this.fitted = false;
    this.camera.value = fitBox(this.view, this.image, box);
  }

  /** Move the picture so that a person can be seen, if they cannot. */
  private reveal(): void {
    const box = this.selectedPose() && bounds(this.selectedPose()!);
    if (!box || this.fitted) return;
    const middle: Point = [box[0] + box[2] / 2, box[1] + box[3] / 2];
    if (!sees(this.camera.value, this.view, middle))
      this.panBy(
        this.view.width / 2 - this.camera.value.x - (middle[0] + 0.5) * this.camera.value.scale,
        this.view.height / 2 - this.camera.value.y - (middle[1] + 0.5) * this.camera.value.scale,
      );
  }

  // -- who is selected ---------------------------------------------------------------------------------------------

  select(track_id: number | null, k: number | null = null): void {
    batch(() => {
      if (track_id !== this.selected.value || k !== this.keypoint.value) this.flush();
      this.selected.value = track_id;
      this.keypoint.value = track_id === null ? null : k;
    });
  }

  /** Select a person, and go where they are if they are not here. */
  visit(track_id: number): void {
    const person = this.store.person(track_id);
    if (!person) return this.store.say("info", `There is no person ${track_id}.`);
    this.select(track_id);
    const here = this.frame.value;
    if (here < person.first || here > person.last) this.goTo(here < person.first ? person.first : person.last);
    this.reveal();
  }

  selectedPose(): Pose | undefined {
    const id = this.selected.value;
    return id === null ? undefined : this.people.value.get(id);
  }

  private selectBeside(step: 1 | -1): void {
    const people = this.store.state.value?.people ?? [];
    const here = people.filter((p) => this.people.value.has(p.track_id));
    const list = here.length > 0 ? here : people;
    if (list.length === 0) return;
    const at = list.findIndex((p) => p.track_id === this.selected.value);
    const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length;
    this.select(list[next]!.track_id);
    this.reveal();
  }

  private keypointBeside(step: 1 | -1): void {
    const n = this.clip?.skeleton.keypoints.length ?? 0;
    if (this.selected.value === null || n === 0) return this.needPerson();
    const at = this.keypoint.value ?? (step > 0 ? -1 : n);
    this.select(this.selected.value, (at + step + n) % n);
  }

  /** A digit selects a person, or answers the question that is open. */
  digit(digit: string): void {
    const now = performance.now();
    const ids = (this.store.state.value?.people ?? []).map((p) => p.track_id);
    const before = now - this.typed.at < DIGITS_PAUSE ? this.typed.text : "";
    const { typed, id } = byDigits(before, digit, ids);
    this.typed = { text: typed, at: now };
    if (id === null) this.store.say("info", `There is no person ${digit}.`);
    else if (this.prompt.value) this.pick(id);
    else this.select(id);
  }

  private needPerson(): void {
    this.store.say("info", "Select a person first: click one, or press [ or ].");
  }

  // -- the pointer -------------------------------------------------------------------------------------------------

  input(input: Input): void {
    if (input.type !== "cancel") this.pointer.value = input.at;
    const [state, effects] = transition(this.tool.value, input, this.context());
    batch(() => {
      this.tool.value = state;
      for (const effect of effects) this.perform(effect);
      if (input.type === "move" && state.name === "idle") this.hover(input.at, input.pointerType);
    });
  }

  private hover(at: Point, pointerType: string): void {
    const hit = this.hitAt(at, pointerType);
    const hovered =
      hit.what === "nothing" ? null : { track_id: hit.track_id, k: hit.what === "keypoint" ? hit.k : null };
    const now = this.hovered.value;
    if (now?.track_id !== hovered?.track_id || now?.k !== hovered?.k) this.hovered.value = hovered;
  }

  leavePointer(): void {
    this.pointer.value = null;
    this.hovered.value = null;
  }

  private hitAt(at: Point, pointerType: string): Hit {
    const { clip } = this;
    if (!clip || this.hidden.value) return NOTHING;
    const camera = this.camera.value;
    const reach = reachOf(pointerType, camera.scale);
    return hitTest(this.people.value, clip.skeleton.edges, toImage(camera, at), reach, this.selected.value);
  }

  private context(): Context {
    const { width, height } = this.image;
    return {
      hit: (at, type) => this.hitAt(at, type),
      image: (at) => toImage(this.camera.value, at),
      keypoint: (track_id, k) => {
        const pose = this.people.value.get(track_id);
        return pose && placed(pose, k) ? [pose.xy[2 * k]!, pose.xy[2 * k + 1]!] : null;
      },
      clamp: ([x, y]) => [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))],
      selected: this.selected.value,
      canEdit: this.store.canEdit.value && this.shown.value !== null,
    };
  }

  private perform(effect: Effect): void {
    const frame = this.shown.value ?? this.frame.value;
    switch (effect.do) {
      case "select":
        return this.select(effect.track_id, effect.k);
      case "preview keypoint":
        this.playing.value = null;
        this.preview.value = {
          what: "keypoint",
          frame,
          track_id: effect.track_id,
          k: effect.k,
          xy: effect.xy as [number, number],
          visibility: this.visibilityFor(effect.track_id, effect.k),
        };
        return;
      case "place keypoint":
        return this.place(frame, effect.track_id, effect.k, effect.xy);
      case "preview move":
        this.preview.value = {
          what: "move",
          frame,
          track_id: effect.track_id,
          dxy: effect.dxy as [number, number],
          scale: 1,
        };
        return;
      case "move person":
        return this.move(frame, effect.track_id, effect.dxy as [number, number], 1);
      case "preview box":
        this.boxPreview.value = effect.box;
        return;
      case "draw box":
        void this.drawBox(frame, effect.box);
        return;
      case "forget preview":
        this.preview.value = null;
        this.boxPreview.value = null;
        return;
      case "pan":
        return this.panBy(effect.dx, effect.dy);
      case "pinch":
        this.panBy(effect.to[0] - effect.from[0], effect.to[1] - effect.from[1]);
        return this.zoom(effect.factor, effect.to);
      case "pick":
        return this.pick(effect.track_id);
      case "say":
        return this.store.say("info", effect.text);
    }
  }

  /** A keypoint that was seen as occluded stays so when it is moved. */
  private visibilityFor(track_id: number, k: number): number {
    const pose = this.people.value.get(track_id);
    return pose ? visibilityOf(pose.flags[k]!) || VISIBLE : VISIBLE;
  }

  // -- edits -------------------------------------------------------------------------------------------------------

  private place(frame: number, track_id: number, k: number, xy: Point): void {
    const keypoint = this.clip!.skeleton.keypoints[k]!;
    const visibility = this.visibilityFor(track_id, k);
    const at: [number, number] = [round(xy[0]), round(xy[1])];
    const draft: Draft = { what: "keypoint", frame, track_id, k, xy: at, visibility };
    void this.store.edit("correct", { frame, track_id, keypoint, xy: at, visibility }, draft);
    this.select(track_id, k);
  }

  private move(frame: number, track_id: number, dxy: [number, number], scale: number): void {
    const by: [number, number] = [round(dxy[0]), round(dxy[1])];
    const draft: Draft = { what: "move", frame, track_id, dxy: by, scale };
    void this.store.edit("move", { frame, track_id, dxy: by, scale, rotation: 0 }, draft);
  }

  private async drawBox(frame: number, box: [number, number, number, number]): Promise<void> {
    const track_id = this.boxFor;
    this.store.say("info", "Looking for the person in the box…");
    const box_xywh = box.map(round) as [number, number, number, number];
    const result = await this.store.edit("draw_box", { frame, box_xywh, track_id });
    if (typeof result === "number") {
      this.select(result);
      this.store.say("info", track_id === null ? `Person ${result} was added.` : `Person ${result} is here now.`);
    }
  }

  private armBox(track_id: number | null): void {
    if (!this.mayEdit()) return;
    this.boxFor = track_id;
    this.prompt.value = null;
    this.tool.value = { name: "boxing", id: null, from: null, to: null };
  }

  /** Ask where an absent keypoint is: the next click says it. */
  askFor(k: number): void {
    const id = this.selected.value;
    if (id === null) return this.needPerson();
    this.select(id, k);
    const pose = this.selectedPose();
    if (!this.mayEdit() || (pose && placed(pose, k))) return;
    this.tool.value = { name: "placing", track_id: id, k };
  }

  private cycleVisibility(): void {
    if (!this.mayEdit()) return;
    const at = this.pointer.value;
    const hit = at ? this.hitAt(at, "mouse") : NOTHING;
    const [id, k] = hit.what === "keypoint" ? [hit.track_id, hit.k] : [this.selected.value, this.keypoint.value];
    if (id === null || k === null)
      return this.store.say("info", "Point at a keypoint, or select one, and press Q again.");
    const pose = this.people.value.get(id);
    const frame = this.shown.value!;
    if (!pose || !placed(pose, k)) {
      if (!at) return this.askFor(k);
      return this.place(frame, id, k, this.context().clamp(toImage(this.camera.value, at)));
    }
    const visibility = nextVisibility(pose.flags[k]!);
    const keypoint = this.clip!.skeleton.keypoints[k]!;
    this.select(id, k);
    void this.store.edit(
      "set_visibility",
      { frame, track_id: id, keypoint, visibility },
      { what: "visibility", frame, track_id: id, k, visibility },
    );
    this.store.say("info", `${keypoint.replaceAll("_", " ")}: ${["absent", "occluded", "visible"][visibility]}`);
  }

  /** Set the visibility of one keypoint of the selected person. */
  setVisibility(k: number, visibility: number): void {
    const pose = this.selectedPose();
    if (!this.mayEdit() || !pose) return;
    if (!placed(pose, k) && visibility !== ABSENT) return this.askFor(k);
    const frame = this.shown.value!;
    const { track_id } = pose;
    const keypoint = this.clip!.skeleton.keypoints[k]!;
    void this.store.edit(
      "set_visibility",
      { frame, track_id, keypoint, visibility },
      { what: "visibility", frame, track_id, k, visibility },
    );
  }

  private nudge(dx: number, dy: number): void {
    const pose = this.selectedPose();
    const k = this.keypoint.value;
    if (!pose || k === null || !placed(pose, k)) return this.store.say("info", "Select a keypoint to nudge.");
    if (!this.mayEdit()) return;
    const { track_id } = pose;
    const frame = this.shown.value!;
    const xy = this.context().clamp([pose.xy[2 * k]! + dx, pose.xy[2 * k + 1]! + dy]);
    this.preview.value = { what: "keypoint", frame, track_id, k, xy, visibility: this.visibilityFor(track_id, k) };
    this.later(() => this.place(frame, track_id, k, xy));
  }

  /** Scale the selected person by turns of the wheel. */
  scalePerson(factor: number): void {
    const pose = this.selectedPose();
    if (!pose) return this.needPerson();
    if (!this.mayEdit()) return;
    const { track_id } = pose;
    const frame = this.shown.value!;
    const before = this.preview.value;
    const scale = Math.min(4, Math.max(0.25, (before?.what === "move" ? before.scale : 1) * factor));
    this.preview.value = { what: "move", frame, track_id, dxy: [0, 0], scale };
    this.later(() => this.move(frame, track_id, [0, 0], round(scale, 4)));
  }

  /** Do it after a pause in which nothing of the kind came; what was waiting before is replaced. */
  private later(send: () => void): void {
    if (this.pendingEdit) clearTimeout(this.pendingEdit.timer);
    this.pendingEdit = { send, timer: setTimeout(() => this.flush(), NUDGE_PAUSE) };
  }

  /** Do at once what was waiting for a pause. */
  flush(): void {
    const pending = this.pendingEdit;
    if (!pending) return;
    clearTimeout(pending.timer);
    this.pendingEdit = null;
    batch(() => {
      this.preview.value = null;
      pending.send();
    });
  }

  private withPose(act: (pose: Pose, frame: number) => void): void {
    if (!this.mayEdit()) return;
    const id = this.selected.value;
    if (id === null) return this.needPerson();
    const pose = this.selectedPose();
    if (!pose) return this.store.say("info", `Person ${id} is not in this frame.`);
    this.flush();
    act(pose, this.shown.value!);
  }

  private mayEdit(): boolean {
    if (this.store.canEdit.value && this.shown.value !== null) return true;
    this.store.say("info", this.store.readOnly.value ? "This is read-only here." : "The kernel does not answer now.");
    return false;
  }

  private copyPose(): void {
    const id = this.selected.value;
    if (id === null) return this.needPerson();
    const frame = this.shown.value!;
    if (!this.mayEdit()) return;
    if (frame === 0) return this.store.say("info", "There is no frame before the first.");
    void this.store.edit("copy_pose", { track_id: id, from_frame: frame - 1, to_frame: frame });
  }

  // -- questions ---------------------------------------------------------------------------------------------------

  ask(kind: PromptKind, scope: Scope = kind === "delete" ? "frame" : "onwards"): void {
    if (!this.mayEdit()) return;
    const id = this.selected.value;
    if (id === null) return this.needPerson();
    this.flush();
    batch(() => {
      this.prompt.value = { kind, frame: this.shown.value!, track_id: id, other: null, scope };
      this.tool.value = needsOther(kind) ? { name: "picking" } : IDLE;
      this.playing.value = null;
    });
  }

  pick(other: number | "new"): void {
    const prompt = this.prompt.value;
    if (!prompt || !needsOther(prompt.kind)) return;
    if (other === prompt.track_id) return this.store.say("info", "Choose somebody else.");
    this.prompt.value = { ...prompt, other };
  }

  setScope(scope: Scope): void {
    if (this.prompt.value) this.prompt.value = { ...this.prompt.value, scope };
  }

  /** Do what the open question stands for. */
  confirm(): void {
    const prompt = this.prompt.value;
    const state = this.store.state.value;
    const edit = prompt && state && editOf(prompt, state);
    if (!prompt || !edit) return;
    this.closePrompt();
    const [action, args] = edit;
    void this.store.edit(action, args as never).then((result) => {
      if (result === undefined) return;
      if (prompt.kind === "assign") this.select((args as { new_track_id: number }).new_track_id);
      if (prompt.kind === "split" && typeof result === "number") this.select(result);
      if (prompt.kind === "delete" && prompt.scope === "all") this.select(null);
    });
  }

  closePrompt(): void {
    batch(() => {
      this.prompt.value = null;
      if (this.tool.value.name === "picking") this.tool.value = IDLE;
    });
  }

  // -- doubtful places ---------------------------------------------------------------------------------------------

  private async nextIssue(): Promise<void> {
    const now = this.issue.value;
    const next = await this.store.nextIssue(now?.issue ?? null);
    if (next === undefined) return;
    if (next === null) {
      this.issue.value = null;
      return this.store.say("info", now ? "No further doubtful places." : "No doubtful places.");
    }
    if (now) this.visited.push(now);
    this.showIssue(next);
  }

  private showIssue(issue: Issue): void {
    this.goTo(issue.frame);
    const k = issue.keypoint === null ? -1 : (this.clip?.skeleton.keypoints.indexOf(issue.keypoint) ?? -1);
    this.select(issue.track_id, k < 0 ? null : k);
    this.issue.value = issue;
    this.reveal();
  }

  private previousIssue(): void {
    const before = this.visited.pop();
    if (before) this.showIssue(before);
    else this.store.say("info", "There was none before.");
  }

  async resolve(state: "accepted" | "ignored"): Promise<void> {
    const issue = this.issue.value;
    if (!issue) return this.nextIssue();
    if (!this.mayEdit()) return;
    const result = await this.store.edit("resolve_issue", { issue: issue.issue, state });
    if (result !== undefined) await this.nextIssue();
  }

  // -- everything that has a name ----------------------------------------------------------------------------------

  propagate(direction: Direction): void {
    if (!this.mayEdit()) return;
    this.flush();
    const id = this.selected.value;
    const frame = this.shown.value!;
    const pose = this.selectedPose();
    const anchored = pose?.flags.some((f) => isAnchor(f)) ?? false;
    // From an anchor of the selected person on; else from wherever something waits to be carried.
    const here = id !== null && anchored;
    void this.store.propagate({ frame: here ? frame : null, direction, tracks: here ? [id] : null });
  }

  private escape(): void {
    if (this.pendingEdit) {
      clearTimeout(this.pendingEdit.timer);
      this.pendingEdit = null;
      this.preview.value = null;
    } else if (this.help.value) this.help.value = false;
    else if (this.prompt.value) this.closePrompt();
    else if (cancellable(this.tool.value)) this.input({ type: "cancel" });
    else if ([...this.store.jobs.value.values()].some((job) => job.what !== "initialize")) void this.store.cancel(null);
    else if (this.selected.value !== null) this.select(null);
    else this.onLeave();
  }

  private sayState(): void {
    const state = this.store.state.value;
    if (!state) return;
    if (state.read_only) this.store.say("info", "Read-only: nothing can be changed here.");
    else if (state.store === "memory only") this.store.say("info", "Kept in memory only, as it was opened.");
    else this.store.say("info", `Everything is saved in ${state.store}, always; there is nothing to do.`);
  }

  private toggleAnchor(): void {
    this.withPose((pose, frame) => {
      const seen = [...pose.flags].filter((f) => visibilityOf(f) > 0);
      const on = !seen.every(isAnchor);
      void this.store.edit("set_anchor", { frame, track_id: pose.track_id, on });
      this.store.say("info", on ? "You stand behind this pose now." : "The model may change this pose again.");
    });
  }

  private undo(action: "undo" | "redo"): void {
    if (!this.mayEdit()) return;
    this.flush();
    const what = this.store.state.value?.[action];
    if (!what) return this.store.say("info", `Nothing to ${action}.`);
    void this.store.edit(action, {}).then((result) => {
      if (result !== undefined) this.store.say("info", `${action === "undo" ? "Undone" : "Done again"}: ${what}`);
    });
  }

  private makeCommands(): Record<Command, () => void> {
    const toggle = (flag: Signal<boolean>) => () => {
      flag.value = !flag.value;
    };
    return {
      "previous frame": () => this.step(-1),
      "next frame": () => this.step(1),
      "back ten": () => this.step(-10),
      "on ten": () => this.step(10),
      "first frame": () => this.goTo(0),
      "last frame": () => this.goTo(Infinity),
      play: () => this.togglePlay(),
      "go to frame": () => this.onGoTo(),
      "previous anchor": () => this.anchorBeside(-1),
      "next anchor": () => this.anchorBeside(1),
      "previous person": () => this.selectBeside(-1),
      "next person": () => this.selectBeside(1),
      "previous keypoint": () => this.keypointBeside(-1),
      "next keypoint": () => this.keypointBeside(1),
      visibility: () => this.cycleVisibility(),
      "nudge left": () => this.nudge(-1, 0),
      "nudge right": () => this.nudge(1, 0),
      "nudge up": () => this.nudge(0, -1),
      "nudge down": () => this.nudge(0, 1),
      "nudge left far": () => this.nudge(-10, 0),
      "nudge right far": () => this.nudge(10, 0),
      "nudge up far": () => this.nudge(0, -10),
      "nudge down far": () => this.nudge(0, 10),
      anchor: () => this.toggleAnchor(),
      "copy pose": () => this.copyPose(),
      flip: () =>
        this.withPose((pose, frame) => void this.store.edit("flip", { frame, track_id: pose.track_id, part: "all" })),
      box: () => this.armBox(null),
      "box for person": () => (this.selected.value === null ? this.needPerson() : this.armBox(this.selected.value)),
      "delete here": () =>
        this.withPose((pose, frame) => {
          void this.store.edit("delete", { track_id: pose.track_id, frame, scope: "frame" });
          this.store.say("info", `Person ${pose.track_id} was deleted in frame ${frame}.`);
        }),
      "delete onwards": () => this.ask("delete", "onwards"),
      "delete track": () => this.ask("delete", "all"),
      "propagate forward": () => this.propagate("forward"),
      "propagate backward": () => this.propagate("backward"),
      "propagate both": () => this.propagate("both"),
      "auto propagate": () => void this.store.setAutoPropagate(!this.store.options.value.auto_propagate),
      stop: () => void this.store.cancel(null),
      assign: () => this.ask("assign"),
      swap: () => this.ask("swap"),
      merge: () => this.ask("merge"),
      split: () => this.ask("split"),
      "next issue": () => void this.nextIssue(),
      "previous issue": () => this.previousIssue(),
      "accept issue": () => void this.resolve("accepted"),
      "ignore issue": () => void this.resolve("ignored"),
      names: toggle(this.names),
      "focus person": toggle(this.focus),
      hide: () => {
        this.hidden.value = true;
      },
      fit: () => this.fit(),
      "zoom to person": () => this.zoomToPerson(),
      "zoom in": () => this.zoom(1.25),
      "zoom out": () => this.zoom(0.8),
      undo: () => this.undo("undo"),
      redo: () => this.undo("redo"),
      saved: () => this.sayState(),
      help: toggle(this.help),
      escape: () => this.escape(),
    };
  }
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
