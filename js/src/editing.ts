/** What one view does to poses: each edit is drawn at once and sent once. */

import { batch, type Signal, signal } from "@preact/signals-core";
import type { Point } from "./camera";
import { ABSENT, isAnchor, OCCLUDED, VISIBLE, visibilityOf } from "./codec";
import { type Draft, nextVisibility } from "./drafts";
import type { Editor } from "./editor";
import { type Pose, placed } from "./poses";
import { type Limits, orderOf, type Place, startOf } from "./propagation";
import type { Direction } from "./protocol";
import { IDLE } from "./tools/machine";

const PAUSE = 350; // ms after which nudges, or turns of the wheel, are one edit

export class Editing {
  private waiting: { timer: ReturnType<typeof setTimeout>; send: () => void } | null = null;
  private boxFor: number | null = null;
  private apart = false; // the box that is drawn changes no keypoint
  /** The limits that are being asked for, if they are. */
  readonly limits: Signal<Limits | null> = signal<Limits | null>(null);

  constructor(private readonly editor: Editor) {}

  private get store() {
    return this.editor.store;
  }

  /** Whether something can be changed now; says why, if not. */
  allowed(): boolean {
    if (this.store.canEdit.value && this.editor.nav.shown.value !== null) return true;
    const offline = this.store.bridge.link.value !== "ready";
    this.store.say("info", offline ? "The kernel does not answer now." : "This is read-only here.");
    return false;
  }

  /** Act on the pose of the selected person in the frame on the screen. */
  withPose(act: (pose: Pose, frame: number) => void): void {
    if (!this.allowed()) return;
    const id = this.editor.selected.value;
    if (id === null) return this.editor.needPerson();
    const pose = this.editor.selectedPose();
    if (!pose) return this.store.say("info", `Person ${id} is not in this frame.`);
    this.flush();
    act(pose, this.editor.nav.shown.value!);
  }

  // -- keypoints ---------------------------------------------------------------------------------------------------

  /** What is placed can be seen, unless a human said otherwise: the network calls occluded whatever it is unsure of. */
  visibilityFor(track_id: number, k: number): number {
    const flags = this.editor.people.value.get(track_id)?.flags[k] ?? 0;
    return isAnchor(flags) && visibilityOf(flags) === OCCLUDED ? OCCLUDED : VISIBLE;
  }

  place(frame: number, track_id: number, k: number, xy: Point, visibility = this.visibilityFor(track_id, k)): void {
    const at: [number, number] = [round(xy[0]), round(xy[1])];
    const keypoint = this.nameOf(k);
    const draft: Draft = { what: "keypoint", frame, track_id, k, xy: at, visibility };
    void this.store.edit("correct", { frame, track_id, keypoint, xy: at, visibility }, draft);
    this.editor.select(track_id, k);
  }

  setVisibility(track_id: number, k: number, visibility: number): void {
    const frame = this.editor.nav.shown.value!;
    const draft: Draft = { what: "visibility", frame, track_id, k, visibility };
    void this.store.edit("set_visibility", { frame, track_id, keypoint: this.nameOf(k), visibility }, draft);
  }

  /** Of the keypoint at the pointer, else of the selected one; one that is absent is placed at the pointer. */
  cycleVisibility(): void {
    if (!this.allowed()) return;
    const { pointer, selected, keypoint, people } = this.editor;
    const hit = this.editor.hitAtPointer();
    const [id, k] = hit.what === "keypoint" ? [hit.track_id, hit.k] : [selected.value, keypoint.value];
    if (id === null || k === null) return this.store.say("info", "Point at a keypoint, or select one, and press Q.");
    const pose = people.value.get(id);
    if (!pose || !placed(pose, k)) {
      if (!pointer.value) return this.askWhere(k);
      return this.place(this.editor.nav.shown.value!, id, k, this.editor.imagePoint(pointer.value));
    }
    const visibility = nextVisibility(pose.flags[k]!);
    this.editor.select(id, k);
    this.setVisibility(id, k, visibility);
    this.store.say("info", `${this.nameOf(k).replaceAll("_", " ")}: ${["absent", "occluded", "visible"][visibility]}`);
  }

  /** Ask where an absent keypoint is: the next click says it. */
  askWhere(k: number): void {
    const id = this.editor.selected.value;
    if (id === null) return this.editor.needPerson();
    this.editor.select(id, k);
    if (this.allowed()) this.editor.tool.value = { name: "placing", track_id: id, k };
  }

  nudge(dx: number, dy: number): void {
    const pose = this.editor.selectedPose();
    const k = this.editor.keypoint.value;
    if (!pose) return this.editor.needPerson();
    if (k === null) return this.transform(1, 0, [dx, dy]);
    if (!placed(pose, k)) return this.store.say("info", `The ${this.nameOf(k).replaceAll("_", " ")} is absent.`);
    if (!this.allowed()) return;
    const { track_id } = pose;
    const frame = this.editor.nav.shown.value!;
    const xy = this.editor.clamp([pose.xy[2 * k]! + dx, pose.xy[2 * k + 1]! + dy]);
    const visibility = this.visibilityFor(track_id, k);
    this.editor.preview.value = { what: "keypoint", frame, track_id, k, xy, visibility };
    this.later(() => this.place(frame, track_id, k, xy));
  }

  private nameOf(k: number): string {
    return this.store.clip.value!.skeleton.keypoints[k]!;
  }

  // -- whole people ------------------------------------------------------------------------------------------------

  move(frame: number, track_id: number, dxy: Point, scale = 1, rotation = 0): void {
    const by: [number, number] = [round(dxy[0]), round(dxy[1])];
    const draft: Draft = { what: "move", frame, track_id, dxy: by, scale, rotation };
    void this.store.edit("move", { frame, track_id, dxy: by, scale, rotation }, draft);
  }

  /** Scale, turn (degrees, clockwise) and shift the selected person, by turns of the wheel and by keys. */
  transform(factor: number, degrees: number, [dx, dy]: Point = [0, 0]): void {
    const pose = this.editor.selectedPose();
    if (!pose) return this.editor.needPerson();
    if (!this.allowed()) return;
    const { track_id } = pose;
    const frame = this.editor.nav.shown.value!;
    const before = this.editor.preview.value;
    const so =
      before?.what === "move" && before.track_id === track_id
        ? before
        : { scale: 1, rotation: 0, dxy: [0, 0] as Point };
    const scale = round(Math.min(4, Math.max(0.25, so.scale * factor)), 4);
    const rotation = round(so.rotation + degrees);
    const dxy: [number, number] = [so.dxy[0] + dx, so.dxy[1] + dy];
    this.editor.preview.value = { what: "move", frame, track_id, dxy, scale, rotation };
    this.later(() => this.move(frame, track_id, dxy, scale, rotation));
  }

  /** Wait for a box around a missed person, or around one who is known; `apart`: their keypoints stay. */
  armBox(track_id: number | null, apart = false): void {
    if (!this.allowed()) return;
    this.boxFor = track_id;
    this.apart = apart;
    this.editor.questions.close();
    const armed = this.editor.tool.value.name === "boxing";
    this.editor.tool.value = armed ? IDLE : { name: "boxing", id: null, from: null, to: null };
  }

  async drawBox(frame: number, box: readonly number[]): Promise<void> {
    const track_id = this.boxFor;
    if (track_id !== null && this.apart) return this.setBox(frame, track_id, box);
    this.store.say("info", "Looking for the person in the box…");
    const box_xywh = box.map((v) => round(v)) as [number, number, number, number];
    const result = await this.store.edit("draw_box", { frame, box_xywh, track_id });
    if (typeof result !== "number") return;
    this.editor.select(result);
    this.editor.guide.drawn(result, this.editor.people.value.get(result));
    this.store.say("info", track_id === null ? `Person ${result} was added.` : `Person ${result} is here now.`);
  }

  /** Put a person's box somewhere, apart from the keypoints. */
  setBox(frame: number, track_id: number, box: readonly number[]): void {
    const box_xywh = box.map((v) => round(v)) as [number, number, number, number];
    void this.store.edit("set_box", { frame, track_id, box_xywh }, { what: "box", frame, track_id, box: box_xywh });
  }

  /** Ask for a new box of the selected person. */
  redrawBox(): void {
    this.withPose(({ track_id }) => this.armBox(track_id, true));
  }

  /** Back to the keypoints. */
  fitBox(): void {
    this.withPose(({ track_id }, frame) => {
      void this.store.edit("set_box", { frame, track_id, box_xywh: null });
      this.store.say("info", `The box of person ${track_id} follows the keypoints again.`);
    });
  }

  copyPose(): void {
    const id = this.editor.selected.value;
    if (id === null) return this.editor.needPerson();
    if (!this.allowed()) return;
    const frame = this.editor.nav.shown.value!;
    const from_frame = this.poseBefore(id, frame);
    if (from_frame === null) return this.store.say("info", `Person ${id} is in no frame before this one.`);
    this.flush();
    void this.store.edit("copy_pose", { track_id: id, from_frame, to_frame: frame });
    if (from_frame < frame - 1) this.store.say("info", `The pose of frame ${from_frame}, the last before, was copied.`);
  }

  /** The last frame before one in which a person is, as far as it is known here; null if there is none. */
  private poseBefore(id: number, frame: number): number | null {
    const first = this.store.person(id)?.first ?? frame;
    for (let f = frame - 1; f >= first; f--) {
      const people = this.store.peopleAt(f);
      if (!people || people.has(id)) return f; // where it is not known the kernel says whether they are there
    }
    return null;
  }

  flip(part: "all" | "arms" | "legs" | "face" = "all"): void {
    this.withPose(({ track_id }, frame) => void this.store.edit("flip", { frame, track_id, part }));
  }

  toggleAnchor(): void {
    this.withPose(({ track_id, flags }, frame) => {
      const on = ![...flags].filter((f) => visibilityOf(f) > ABSENT).every(isAnchor);
      void this.store.edit("set_anchor", { frame, track_id, on });
      this.store.say("info", on ? "You stand behind this pose now." : "The model may change this pose again.");
    });
  }

  deleteHere(): void {
    this.withPose(({ track_id }, frame) => {
      void this.store.edit("delete", { track_id, frame, scope: "frame" });
      this.store.say("info", `Person ${track_id} was deleted in frame ${frame}. Ctrl+Z brings them back.`);
    });
  }

  // -- carrying, undo ----------------------------------------------------------------------------------------------

  /** From the selected person's anchor in this frame, if there is one; else from wherever something waits. */
  propagate(direction: Direction): void {
    if (!this.allowed()) return;
    this.flush();
    const pose = this.editor.selectedPose();
    const here = pose?.flags.some((f) => isAnchor(f)) ?? false;
    const frame = this.editor.nav.shown.value;
    void this.store.propagate(
      here ? { frame, direction, tracks: [pose!.track_id] } : { frame: null, direction, tracks: null },
    );
  }

  /** Ask for limits: which way, how far, whose. */
  askLimits(): void {
    if (!this.allowed()) return;
    this.editor.questions.close();
    this.limits.value = this.limits.value ? null : startOf(this.here());
  }

  limit(change: Partial<Limits>): void {
    if (this.limits.value) this.limits.value = { ...this.limits.value, ...change };
  }

  /** Where the view is, as far as a propagation with limits is concerned. */
  here(): Place {
    const { clip } = this.store;
    return {
      frame: this.editor.nav.shown.value ?? this.editor.nav.frame.value,
      nFrames: clip.value?.video.n_frames ?? 1,
      selected: this.editor.selected.value,
      anchored: this.editor.selectedPose()?.flags.some((f) => isAnchor(f)) ?? false,
      range: this.editor.timeline.range.value,
      names: clip.value?.skeleton.keypoints ?? [],
    };
  }

  propagateLimited(): void {
    const limits = this.limits.value;
    const order = limits && orderOf(limits, this.here());
    if (!order || typeof order === "string" || !this.allowed()) return;
    this.flush();
    this.limits.value = null;
    void this.store.propagate(order);
  }

  step(action: "undo" | "redo"): void {
    if (!this.allowed()) return;
    this.flush();
    const what = this.store.state.value?.[action];
    if (!what) return this.store.say("info", `Nothing to ${action}.`);
    void this.store.edit(action, {}).then((result) => {
      if (result !== undefined) this.store.say("info", `${action === "undo" ? "Undone" : "Done again"}: ${what}`);
    });
  }

  // -- edits that wait for a pause -----------------------------------------------------------------------------------

  private later(send: () => void): void {
    if (this.waiting) clearTimeout(this.waiting.timer);
    this.waiting = { send, timer: setTimeout(() => this.flush(), PAUSE) };
  }

  /** Do at once what was waiting for a pause. */
  flush(): void {
    const { waiting } = this;
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.waiting = null;
    batch(() => {
      this.editor.preview.value = null;
      waiting.send();
    });
  }

  /** Forget what was waiting; false if nothing was. */
  forget(): boolean {
    if (!this.waiting) return false;
    clearTimeout(this.waiting.timer);
    this.waiting = null;
    this.editor.preview.value = null;
    return true;
  }
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
