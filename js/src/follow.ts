/** The picture goes with the selected person, at the zoom that it has. */

import { effect, type Signal, signal, untracked } from "@preact/signals-core";
import type { Editor } from "./editor";
import { bounds, type Pose } from "./poses";

const BESIDE = 4; // frames either way whose middles are averaged, so that the picture does not tremble

export class Follow {
  readonly on: Signal<boolean> = signal(false);
  private done = ""; // frame and person that the picture was moved for
  private readonly stop: () => void;

  constructor(private readonly editor: Editor) {
    const { nav, selected, store, tool } = editor;
    this.stop = effect(() => {
      if (!this.on.value) return;
      const [frame, id] = [nav.shown.value, selected.value];
      store.poseVersion.value;
      if (frame === null || id === null || tool.value.name !== "idle") return;
      if (this.done !== `${frame} ${id}`) untracked(() => this.move(frame, id));
    });
  }

  close(): void {
    this.stop();
  }

  toggle(): void {
    if (this.on.value) {
      this.on.value = false;
      return;
    }
    if (this.editor.selected.value === null) return this.editor.needPerson();
    this.editor.zoomToPerson();
    this.done = "";
    this.on.value = true;
    this.editor.store.say("info", `The picture follows person ${this.editor.selected.value}.`);
  }

  private move(frame: number, id: number): void {
    const to = middleOver((f) => this.editor.store.peopleAt(f)?.get(id), frame, BESIDE);
    if (!to) return; // not in this frame, or not known yet: the picture stays
    this.done = `${frame} ${id}`;
    this.editor.viewport.centre(to);
  }
}

/** The mean of where the middle of somebody is in the frames about one; null if they are not in that one. Pure. */
export function middleOver(
  at: (frame: number) => Pose | undefined,
  frame: number,
  reach: number,
): [number, number] | null {
  const middle = (f: number): [number, number] | null => {
    const pose = at(f);
    const box = pose && bounds(pose);
    return box ? [box[0] + box[2] / 2, box[1] + box[3] / 2] : null;
  };
  if (!middle(frame)) return null;
  const middles: [number, number][] = [];
  for (let by = 0; by <= reach; by++) {
    const [before, after] = [middle(frame - by), middle(frame + by)];
    if (!before || !after) break; // as many before as after, or the picture would lag behind
    middles.push(before, after);
  }
  const mean = (i: 0 | 1) => middles.reduce((sum, m) => sum + m[i], 0) / middles.length;
  return [mean(0), mean(1)];
}
