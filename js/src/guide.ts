/** Guided placement: one keypoint is asked for after the other, and can be skipped. */

import { type Signal, signal } from "@preact/signals-core";
import { isAnchor } from "./codec";
import type { Editor } from "./editor";
import { type Pose, placed } from "./poses";
import { IDLE } from "./tools/machine";

/** The keypoints to ask for: those without a place, else those that no human placed. Pure. */
export function keypointsToAsk(pose: Pose | undefined, K: number): number[] {
  const all = Array.from({ length: K }, (_, k) => k);
  if (!pose) return all;
  const absent = all.filter((k) => !placed(pose, k));
  return absent.length > 0 ? absent : all.filter((k) => !isAnchor(pose.flags[k]!));
}

export class Guide {
  /** What is still to be asked, the one that is asked first; empty while nobody is guided. */
  readonly rest: Signal<readonly number[]> = signal<readonly number[]>([]);
  total = 0;
  private track_id = -1;
  private boxed = false; // it goes on with the person in the box that is being drawn

  constructor(private readonly editor: Editor) {}

  /** Ask for the selected person's keypoints; with nobody selected, first for a box around a new person. */
  start(): void {
    const { selected, edits } = this.editor;
    if (!edits.allowed()) return;
    if (this.rest.value.length > 0) return this.end();
    if (selected.value !== null) return this.of(selected.value);
    edits.armBox(null);
    this.boxed = this.editor.tool.value.name === "boxing";
  }

  /** A box was drawn around somebody who has this pose now. */
  drawn(track_id: number, pose: Pose | undefined): void {
    const empty = pose !== undefined && ![...pose.flags.keys()].some((k) => placed(pose, k));
    if (this.boxed || empty) this.of(track_id);
    this.boxed = false;
  }

  /** A keypoint was placed: ask for the next one. */
  placed(k: number): void {
    if (this.rest.value.includes(k)) this.ask(this.rest.value.filter((i) => i !== k));
  }

  /** Leave the one that is asked for as it is. */
  skip(): boolean {
    if (this.rest.value.length === 0) return false;
    this.ask(this.rest.value.slice(1));
    return true;
  }

  end(): void {
    this.boxed = false;
    if (this.rest.value.length === 0) return;
    this.rest.value = [];
    if (this.editor.tool.value.name === "placing") this.editor.tool.value = IDLE;
  }

  private of(track_id: number): void {
    const K = this.editor.store.clip.value?.skeleton.keypoints.length ?? 0;
    const list = keypointsToAsk(this.editor.people.value.get(track_id), K);
    if (list.length === 0) return this.editor.store.say("info", "Every keypoint was placed by hand.");
    this.track_id = track_id;
    this.total = list.length;
    this.editor.select(track_id);
    this.ask(list);
  }

  private ask(list: readonly number[]): void {
    this.rest.value = list;
    const k = list[0];
    if (k === undefined) {
      this.editor.tool.value = IDLE;
      return this.editor.store.say("info", `Person ${this.track_id}: every keypoint was asked for.`);
    }
    this.editor.select(this.track_id, k);
    this.editor.tool.value = { name: "placing", track_id: this.track_id, k };
  }
}
