import { reshaped } from "../boxes";
import { type Context, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** A side, a corner or the whole of a person's box follows the pointer; the keypoints stay. */
export function sizing(state: Extract<ToolState, { name: "sizing" }>, input: PointerInput, context: Context): Step {
  if (input.id !== state.id || input.type === "down") return [state, []];
  const [x, y] = context.image(input.at);
  const { track_id, part, from } = state;
  const box = reshaped(state.box, part, [x - from[0], y - from[1]], context.size);
  if (input.type === "move") return [state, [{ do: "preview body box", track_id, box }]];
  return [IDLE, [{ do: "forget preview" }, { do: "set body box", track_id, box }]];
}
