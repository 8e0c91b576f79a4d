/** What one view draws of other frames: trails of keypoints, and onion skin. */

import { computed, type Signal, signal } from "@preact/signals-core";
import type { Editor } from "./editor";
import { type Ghost, onion } from "./ghosts";
import { type Trail, trailsOf } from "./trails";

const TRAILS = [0, 5, 15, 45] as const; // frames either way
const SKINS = [0, 1, 3] as const;

export class Overlays {
  /** Frames either way; 0: none. */
  readonly trailReach: Signal<number> = signal<number>(0);
  readonly skinReach: Signal<number> = signal<number>(0);

  constructor(private readonly editor: Editor) {}

  cycleTrails(): void {
    const reach = following(TRAILS, this.trailReach.value);
    this.trailReach.value = reach;
    const { store, selected } = this.editor;
    if (reach === 0) return store.say("info", "No trails.");
    if (selected.value === null) return store.say("info", "Trails are of the selected person: click one.");
    store.say("info", `Trails over ${reach} frames each way.`);
  }

  cycleSkin(): void {
    const reach = following(SKINS, this.skinReach.value);
    this.skinReach.value = reach;
    this.editor.store.say("info", reach === 0 ? "No onion skin." : `Onion skin: ${reach} before, ${reach} after.`);
  }

  /** Paths of the selected person's keypoints; of one alone if one is selected. */
  readonly trails = computed<readonly Trail[]>(() => {
    const { store, nav, selected, keypoint } = this.editor;
    const reach = this.trailReach.value;
    const [id, frame] = [selected.value, nav.shown.value];
    store.poseVersion.value;
    if (reach === 0 || id === null || frame === null) return [];
    return trailsOf((f) => store.peopleAt(f)?.get(id), frame, reach, keypoint.value);
  });

  /** People in the frames beside; of the selected person alone if there is one. */
  readonly skin = computed<readonly Ghost[]>(() => {
    const { store, nav, selected } = this.editor;
    const reach = this.skinReach.value;
    const frame = nav.shown.value;
    store.poseVersion.value;
    if (reach === 0 || frame === null) return [];
    return onion((f) => store.peopleAt(f), frame, reach, selected.value);
  });
}

const following = (list: readonly number[], now: number): number => list[(list.indexOf(now) + 1) % list.length]!;
