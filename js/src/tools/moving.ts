import { type Context, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** A whole person follows the pointer, while Alt was held at the press. */
export function moving(state: Extract<ToolState, { name: "moving" }>, input: PointerInput, context: Context): Step {
  if (input.id !== state.id || input.type === "down") return [state, []];
  const [x, y] = context.image(input.at);
  const dxy: [number, number] = [x - state.from[0], y - state.from[1]];
  const { track_id } = state;
  if (input.type === "move") return [{ ...state, dxy }, [{ do: "preview move", track_id, dxy }]];
  return [IDLE, [{ do: "forget preview" }, { do: "move person", track_id, dxy }]];
}
