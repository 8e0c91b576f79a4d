import { type Context, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** A keypoint follows the pointer, on this screen alone; the release places it. */
export function dragging(state: Extract<ToolState, { name: "dragging" }>, input: PointerInput, context: Context): Step {
  if (input.id !== state.id || input.type === "down") return [state, []];
  const [x, y] = context.image(input.at);
  const xy = context.clamp([x + state.grip[0], y + state.grip[1]]);
  const { track_id, k } = state;
  if (input.type === "move") return [{ ...state, xy }, [{ do: "preview keypoint", track_id, k, xy }]];
  return [IDLE, [{ do: "forget preview" }, { do: "place keypoint", track_id, k, xy }]];
}
