/** A propagation with limits: which way, how far, whose, which keypoints. Pure. */

import type { Direction, Span } from "./protocol";
import type { PropagateOrder } from "./store";

export interface Limits {
  direction: Direction;
  first: string; // frames that may change, as typed; empty: as far as it says more than the reading
  last: string;
  people: "corrected" | "all" | readonly number[];
  keypoints: readonly number[] | null; // null: all
}

/** Where the view is, as far as it matters. */
export interface Place {
  frame: number;
  nFrames: number;
  selected: number | null;
  anchored: boolean; // the selected person has an anchor in this frame
  range: Span | null;
  names: readonly string[]; // of keypoints
}

/** What is asked for at first: the range and the person that are selected, if they are. */
export function startOf({ range, selected }: Place): Limits {
  return {
    direction: range ? "both" : "forward",
    first: range ? String(range[0]) : "",
    last: range ? String(range[1]) : "",
    people: selected === null ? "corrected" : [selected],
    keypoints: null,
  };
}

/** The order, or a sentence that says what is missing. */
export function orderOf(limits: Limits, place: Place): PropagateOrder | string {
  const { direction, people } = limits;
  if (typeof people !== "string" && people.length === 0) return "Choose who it is about.";
  if (limits.keypoints?.length === 0) return "Choose at least one keypoint.";
  const stop = stopOf(limits, place.nFrames);
  if (typeof stop === "string") return stop;
  const alone = typeof people !== "string" && people.length === 1 && people[0] === place.selected;
  const frame = alone && place.anchored && !Array.isArray(stop) ? place.frame : null;
  if (typeof stop === "number" && frame !== null && (direction === "forward" ? stop <= frame : stop >= frame))
    return `Expected a frame ${direction === "forward" ? "after" : "before"} ${frame} to stop at, got ${stop}.`;
  return {
    direction,
    stop,
    frame,
    tracks: people === "corrected" ? null : people === "all" ? "all" : [...people],
    keypoints: limits.keypoints?.map((k) => place.names[k]!) ?? null,
  };
}

/** How far: a range once its far end alone does not say it; a sentence if it is none. */
function stopOf({ direction, first, last }: Limits, nFrames: number): number | Span | null | string {
  const [a, b] = [first, last].map((text) => (text.trim() === "" ? null : Number(text))) as [
    number | null,
    number | null,
  ];
  for (const [frame, text] of [
    [a, first],
    [b, last],
  ] as const)
    if (frame !== null && !(Number.isInteger(frame) && frame >= 0 && frame < nFrames))
      return `Expected frames from 0 to ${nFrames - 1}, got ${text.trim()}.`;
  if (a !== null && b !== null && a > b) return `Expected a first frame before the last, got ${a} and ${b}.`;
  if (a === null && b === null) return null;
  if (a === null && direction === "forward") return b;
  if (b === null && direction === "backward") return a;
  return [a ?? 0, b ?? nFrames - 1];
}

/** A choice with one more, or one less. */
export function toggled(chosen: readonly number[], id: number): number[] {
  return chosen.includes(id) ? chosen.filter((i) => i !== id) : [...chosen, id].sort((a, b) => a - b);
}
