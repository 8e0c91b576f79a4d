import { IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** The picture follows the pointer; a second finger turns it into a pinch. */
export function panning(state: Extract<ToolState, { name: "panning" }>, input: PointerInput): Step {
  if (input.type === "down" && input.pointerType === "touch")
    return [{ name: "pinching", ids: [state.id, input.id], a: state.last, b: input.at }, []];
  if (input.id !== state.id || input.type === "down") return [state, []];
  if (input.type === "up") return [IDLE, []];
  const [dx, dy] = [input.at[0] - state.last[0], input.at[1] - state.last[1]];
  return [{ ...state, last: input.at }, [{ do: "pan", dx, dy }]];
}
