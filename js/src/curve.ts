/** The curve below the lanes: how sure the selected person, or one keypoint of theirs, is over time, or how they move. */

import { type Signal, signal } from "@preact/signals-core";
import { bytesOf } from "./codec";
import type { Editor } from "./editor";
import type { Curve as Answer, CurveKind } from "./protocol";
import { whole } from "./timespan";

export const STRIP = 56; // CSS pixels of the timeline's height while there is a curve
const SETTLE = 120; // ms without a change after which values are asked for
const BESIDE = 0.5; // of what is shown, fetched on either side

/** `bins` equal parts of the frames [first, stop) of one person. */
export interface CurveTable extends Pick<Answer, "first" | "stop" | "bins" | "track_id" | "keypoint" | "what"> {
  low: Float32Array; // NaN where there is no value
  high: Float32Array;
  worst: Int32Array; // the frame of the least score or the longest way, -1 where there is no value
}

/** The table in an answer; one sentence is thrown if its buffers do not fit. */
export function decodeCurve(answer: Answer, buffers: readonly ArrayBufferView[]): CurveTable {
  const [low, high, worst] = buffers.map(bytesOf);
  if ([low, high, worst].some((b) => b?.byteLength !== 4 * answer.bins))
    throw new Error(`Expected a curve of three times ${4 * answer.bins} bytes, got something else.`);
  return { ...answer, low: new Float32Array(low!), high: new Float32Array(high!), worst: new Int32Array(worst!) };
}

/** The suspicious value at a frame, as finely as it is known: the least score, the longest way. */
export function valueAt({ first, stop, bins, what, low, high }: CurveTable, frame: number): number | null {
  if (frame < first || frame >= stop) return null;
  const value = (what === "score" ? low : high)[Math.floor(((frame - first) * bins) / (stop - first))]!;
  return Number.isNaN(value) ? null : value;
}

/** The frame of the most suspicious value near a frame, which is where a click is meant to go; itself if there is none. */
export function worstNear(table: CurveTable, frame: number, reach: number): number {
  const { first, stop, bins, what, low, high, worst } = table;
  const per = (stop - first) / bins;
  const values = what === "score" ? low.map((v) => -v) : high;
  let best = Math.floor((frame - first) / per); // of equals the one that was clicked
  for (let bin = Math.floor((frame - reach - first) / per); bin <= (frame + reach - first) / per; bin++)
    if (values[bin]! > (values[best] ?? NaN) || Number.isNaN(values[best] ?? NaN)) best = bin;
  const found = worst[best] ?? -1;
  return found < 0 ? frame : found;
}

export class Curve {
  readonly what: Signal<CurveKind | null> = signal<CurveKind | null>(null);
  readonly table: Signal<CurveTable | null> = signal<CurveTable | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = ""; // what is on its way, or was answered last

  constructor(private readonly editor: Editor) {}

  close(): void {
    clearTimeout(this.timer);
  }

  /** Confidence, then motion, then neither. */
  cycle(): void {
    const { store, selected } = this.editor;
    this.what.value = this.what.value === null ? "score" : this.what.value === "score" ? "motion" : null;
    if (this.what.value === null) return store.say("info", "No curve.");
    const words = this.what.value === "score" ? "How sure the model is" : "How far it moves from frame to frame";
    const whose = selected.value === null ? "of the person you select" : "of the selected person, or keypoint";
    store.say("info", `${words}, ${whose}. A click goes to the worst frame near it.`);
  }

  /** Reads what the curve depends on, so that a watch runs again when it changes, and asks for it once all is still. */
  follow(): void {
    const { store, selected, keypoint, timeline } = this.editor;
    const revision = store.state.value?.revision;
    const { first, span } = timeline.time.value;
    const [what, track_id, k] = [this.what.value, selected.value, keypoint.value];
    const clip = store.clip.value;
    clearTimeout(this.timer);
    if (what === null || track_id === null || !clip || store.bridge.link.value !== "ready") {
      this.asked = "";
      this.table.value = null;
      return;
    }
    const n = clip.video.n_frames;
    const all = whole(n).span <= span;
    const [from, to] = all ? [0, n] : [Math.floor(first - BESIDE * span), Math.ceil(first + (1 + BESIDE) * span)];
    const [a, b] = [Math.max(0, from), Math.min(n, to)];
    const bins = Math.max(1, Math.min(b - a, 2048));
    const name = k === null ? null : clip.skeleton.keypoints[k]!;
    const request = { kind: "curve", track_id, keypoint: name, what, first: a, stop: b, bins } as const;
    const key = JSON.stringify([request, revision]);
    if (key === this.asked) return;
    const held = this.table.peek();
    if (held && (held.track_id !== track_id || held.keypoint !== name || held.what !== what)) this.table.value = null;
    this.timer = setTimeout(() => this.ask(request, key), SETTLE);
  }

  private ask(request: Parameters<Editor["store"]["bridge"]["request"]>[0] & { kind: "curve" }, key: string): void {
    this.asked = key;
    this.editor.store.bridge.request(request).then(
      ([answer, buffers]) => {
        if (key === this.asked) this.table.value = decodeCurve(answer, buffers);
      },
      () => {
        if (key === this.asked) this.asked = ""; // asked again after the next change
      },
    );
  }
}
