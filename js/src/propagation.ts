/** A propagation with limits: which way, how far, whose, which keypoints. Pure. */

import type { Direction } from "./protocol";
import type { PropagateOrder } from "./store";

export interface Limits {
  direction: Direction;
  stop: string; // the last frame that may change, as typed; empty: as far as it says more than the reading
  whose: "corrected" | "selected" | "everyone";
  one: boolean; // only the selected keypoint
}

/** Where the view is, as far as it matters. */
export interface Place {
  frame: number;
  nFrames: number;
  selected: number | null;
  anchored: boolean; // the selected person has an anchor in this frame
  keypoint: string | null;
}

export const START: Limits = { direction: "forward", stop: "", whose: "corrected", one: false };

/** The order, or a sentence that says what is missing. */
export function orderOf(limits: Limits, place: Place): PropagateOrder | string {
  const { direction, whose, one } = limits;
  if (whose === "selected" && place.selected === null) return "Select a person first.";
  if (one && place.keypoint === null) return "Select a keypoint first.";
  const frame = whose === "selected" && place.anchored ? place.frame : null;
  const stop = direction === "both" || limits.stop.trim() === "" ? null : Number(limits.stop);
  const wrong = stop === null ? null : faultOf(stop, limits, place, frame);
  if (wrong) return wrong;
  return {
    direction,
    stop,
    frame,
    tracks: { corrected: null, selected: [place.selected!], everyone: "all" as const }[whose],
    keypoints: one ? [place.keypoint!] : null,
  };
}

function faultOf(stop: number, limits: Limits, place: Place, from: number | null): string | null {
  if (!Number.isInteger(stop) || stop < 0 || stop >= place.nFrames)
    return `Expected a frame from 0 to ${place.nFrames - 1} to stop at, got ${limits.stop}.`;
  const ahead = limits.direction === "forward";
  if (from === null || (ahead ? stop > from : stop < from)) return null;
  return `Expected a frame ${ahead ? "after" : "before"} ${from} to stop at, got ${stop}.`;
}
