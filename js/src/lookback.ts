/** Looking back at the last propagation in one view: what was there before it, and taking parts of it back. */

import { batch, computed, effect, type Signal, signal, untracked } from "@preact/signals-core";
import { decodePoses } from "./codec";
import type { Editor } from "./editor";
import { CHUNK, type FramePoses, type Pose, PoseWindow, placed } from "./poses";
import type { Span } from "./protocol";

/** The propagation that is looked at: all frames that it changed and nobody has changed since, and whose. */
export interface Propagation {
  action: number;
  frames: readonly Span[];
  track_ids: readonly number[];
}
export type Where = "all" | "range" | "frame";
const MOVED = 0.5; // pixels that count as a change

export class Lookback {
  /** Whether old poses are shown beneath the new ones. */
  readonly open: Signal<boolean> = signal(false);
  readonly last: Signal<Propagation | null> = signal<Propagation | null>(null);
  /** The part that would be taken back; all frames while there is no range. */
  readonly where: Signal<Where> = signal<Where>("range");
  readonly whose: Signal<"all" | "selected"> = signal<"all" | "selected">("all");
  private readonly version = signal(0);
  private poses: PoseWindow | null = null;
  private held = -1; // revision that `poses` belongs to
  private waiting = false;
  private readonly answered = signal(0);
  private readonly stop: () => void;

  constructor(private readonly editor: Editor) {
    const { store, nav } = editor;
    this.stop = effect(() => {
      this.answered.value;
      if (!this.open.value || store.bridge.link.value !== "ready" || store.carrying.value) return;
      const revision = store.state.value?.revision ?? -1;
      const frame = nav.frame.value;
      untracked(() => this.fetch(revision, frame));
    });
  }

  close(): void {
    this.stop();
  }

  /** The people of the frame on the screen as they were; only those who were changed. */
  readonly before = computed<FramePoses>(() => {
    this.version.value;
    const frame = this.editor.nav.shown.value;
    return (this.open.value && frame !== null && this.poses?.at(frame)) || new Map();
  });

  toggle(): void {
    batch(() => {
      this.open.value = !this.open.value;
      this.where.value = "range";
      this.whose.value = "all";
      this.held = -1;
    });
  }

  /** It stays as it is now. */
  keep(): void {
    this.open.value = false;
    this.editor.store.say("info", "It stays as it is.");
  }

  /** Where, as far as there is a range. */
  readonly chosen = computed<Where>(() =>
    this.where.value === "range" && !this.editor.timeline.range.value ? "all" : this.where.value,
  );

  /** What would be taken back. */
  part(): { frames: Span | null; tracks: number[] | null } {
    const { timeline, nav, selected } = this.editor;
    const here = nav.shown.value ?? nav.frame.value;
    const where = this.chosen.value;
    const frames: Span | null = where === "frame" ? [here, here] : where === "range" ? timeline.range.value : null;
    const id = selected.value;
    return { frames, tracks: this.whose.value === "selected" && id !== null ? [id] : null };
  }

  /** Take the chosen part back: one edit, one step of undo. */
  async reject(): Promise<void> {
    const { store, edits } = this.editor;
    const last = this.last.value;
    if (!last || !edits.allowed()) return;
    edits.flush();
    const n = await store.edit("reject", { action: last.action, ...this.part() });
    if (typeof n !== "number") return;
    const words = n === 0 ? "Nothing of it is there, or it was changed since." : `${n} poses are as they were before.`;
    store.say("info", words);
  }

  private fetch(revision: number, frame: number): void {
    const { store } = this.editor;
    const clip = store.clip.value;
    if (!clip || this.waiting) return;
    if (revision !== this.held) {
      this.held = revision;
      this.poses = new PoseWindow(clip.video.n_frames, clip.skeleton.keypoints.length);
    }
    const first = Math.floor(frame / CHUNK) * CHUNK;
    const { poses } = this;
    if (!poses || poses.at(frame)) return;
    this.waiting = true;
    const stop = Math.min(clip.video.n_frames, first + CHUNK);
    store.bridge
      .request({ kind: "before", action: null, first, stop })
      .then(
        ([answer, buffers]) =>
          batch(() => {
            const { action, frames, track_ids } = answer;
            poses.fill(first, stop, 0, decodePoses(buffers, answer.n, poses.K));
            this.version.value++;
            this.last.value = action === null ? null : { action, frames, track_ids };
            if (frames.length > 0) return;
            this.open.value = false;
            store.say("info", "There is no propagation to look back at.");
          }),
        (error: Error) => {
          this.open.value = false;
          store.say("error", error.message);
        },
      )
      .finally(() => {
        this.waiting = false;
        this.answered.value++; // something may have changed while it was on its way
      });
  }
}

/** How many keypoints of one frame are elsewhere, and how far the farthest went. Pure. */
export function difference(before: FramePoses, now: FramePoses): { keypoints: number; farthest: number } {
  let [keypoints, farthest] = [0, 0];
  for (const old of before.values())
    for (let k = 0; k < old.flags.length; k++) {
      const by = shift(old, now.get(old.track_id), k);
      if (by <= MOVED) continue;
      keypoints++;
      if (Number.isFinite(by)) farthest = Math.max(farthest, by);
    }
  return { keypoints, farthest };
}

/** Pixels that a keypoint moved; infinite if it came or went. */
export function shift(old: Pose, now: Pose | undefined, k: number): number {
  const [was, is] = [placed(old, k), now !== undefined && placed(now, k)];
  if (was !== is) return Infinity;
  return was ? Math.hypot(old.xy[2 * k]! - now!.xy[2 * k]!, old.xy[2 * k + 1]! - now!.xy[2 * k + 1]!) : 0;
}

/** How many frames spans hold, and of these how many lie in a part. Pure. */
export function countFrames(spans: readonly Span[], part: Span | null = null): number {
  let n = 0;
  for (const [a, b] of spans) {
    const [first, last] = part ? [Math.max(a, part[0]), Math.min(b, part[1])] : [a, b];
    n += Math.max(0, last - first + 1);
  }
  return n;
}
