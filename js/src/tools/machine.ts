/**
 * What the pointer does, as a state machine: (state, event, context) -> [state, effects]. Pure; no file here knows the
 * DOM, and a cancelled gesture leaves nothing behind.
 */

import type { Box, Part } from "../boxes";
import type { Point } from "../camera";
import type { Hit } from "../hit";
import { boxing } from "./boxing";
import { dragging } from "./dragging";
import { idle } from "./idle";
import { moving } from "./moving";
import { panning } from "./panning";
import { picking } from "./picking";
import { pinching } from "./pinching";
import { placing } from "./placing";
import { pointing } from "./pointing";
import { sizing } from "./sizing";

export interface PointerInput {
  type: "down" | "move" | "up";
  id: number;
  at: Point; // screen, CSS pixels
  pointerType: string;
  button: number; // of down
  alt: boolean;
  space: boolean; // the space bar is held
}
export type Input = PointerInput | { type: "cancel" };

/** What the machine may look at. */
export interface Context {
  hit(at: Point, pointerType: string): Hit;
  image(at: Point): [number, number];
  /** Where a keypoint is, image pixels. */
  keypoint(track_id: number, k: number): [number, number] | null;
  /** A person's box, image pixels. */
  box(track_id: number): Box | null;
  clamp(point: Point): [number, number];
  size: { width: number; height: number }; // of the image
  canEdit: boolean;
}

export type ToolState =
  | { name: "idle" }
  | { name: "pointing"; id: number; from: Point; hit: Hit; pointerType: string; alt: boolean }
  | {
      name: "dragging";
      id: number;
      track_id: number;
      k: number;
      grip: Point; // from the pointer to the keypoint, image pixels
      xy: Point;
    }
  | { name: "moving"; id: number; track_id: number; from: Point; dxy: Point }
  | { name: "sizing"; id: number; track_id: number; part: Part; from: Point; box: Box } // as they were at the press
  | { name: "panning"; id: number; last: Point }
  | { name: "pinching"; ids: [number, number]; a: Point; b: Point }
  | { name: "boxing"; id: number | null; from: Point | null; to: Point | null } // image pixels
  | { name: "placing"; track_id: number; k: number }
  | { name: "picking" }; // a person is to be chosen, for swap, merge, reassign

export type Effect =
  | { do: "select"; track_id: number | null; k: number | null }
  | { do: "hold" } // the picture must not change under the gesture
  | { do: "preview keypoint"; track_id: number; k: number; xy: Point }
  | { do: "place keypoint"; track_id: number; k: number; xy: Point; visibility?: number }
  | { do: "preview move"; track_id: number; dxy: Point }
  | { do: "move person"; track_id: number; dxy: Point }
  | { do: "preview body box"; track_id: number; box: Box }
  | { do: "set body box"; track_id: number; box: Box }
  | { do: "preview box"; box: [number, number, number, number] | null }
  | { do: "draw box"; box: [number, number, number, number] }
  | { do: "forget preview" }
  | { do: "pan"; dx: number; dy: number }
  | { do: "pinch"; from: Point; to: Point; factor: number }
  | { do: "pick"; track_id: number }
  | { do: "say"; text: string };

export type Step = [ToolState, Effect[]];
export const IDLE: ToolState = { name: "idle" };

export function transition(state: ToolState, input: Input, context: Context): Step {
  if (input.type === "cancel") return cancel(state);
  switch (state.name) {
    case "idle":
      return idle(state, input, context);
    case "pointing":
      return pointing(state, input, context);
    case "dragging":
      return dragging(state, input, context);
    case "moving":
      return moving(state, input, context);
    case "sizing":
      return sizing(state, input, context);
    case "panning":
      return panning(state, input);
    case "pinching":
      return pinching(state, input);
    case "boxing":
      return boxing(state, input, context);
    case "placing":
      return placing(state, input, context);
    case "picking":
      return picking(state, input, context);
  }
}

/** Whether Esc has a gesture to cancel. */
export function cancellable(state: ToolState): boolean {
  return state.name !== "idle";
}

function cancel(state: ToolState): Step {
  return [IDLE, state.name === "idle" ? [] : [{ do: "forget preview" }]];
}
