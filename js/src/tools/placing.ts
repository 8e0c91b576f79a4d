import { OCCLUDED } from "../codec";
import { type Context, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** A keypoint that is absent gets its place where the next click is; with the right button it is occluded. */
export function placing(state: Extract<ToolState, { name: "placing" }>, input: PointerInput, context: Context): Step {
  if (input.type !== "down" || (input.button !== 0 && input.button !== 2)) return [state, []];
  const { track_id, k } = state;
  const xy = context.clamp(context.image(input.at));
  if (input.button === 2 && context.canEdit)
    return [IDLE, [{ do: "place keypoint", track_id, k, xy, visibility: OCCLUDED }]];
  const dragging: ToolState = { name: "dragging", id: input.id, track_id, k, grip: [0, 0], xy };
  return context.canEdit ? [dragging, [{ do: "hold" }, { do: "preview keypoint", track_id, k, xy }]] : [IDLE, []];
}
