import type { Point } from "../camera";
import { IDLE, type PointerInput, type Step, type ToolState } from "./machine";

/** Two fingers: the picture keeps what is between them, and grows with their distance. */
export function pinching(state: Extract<ToolState, { name: "pinching" }>, input: PointerInput): Step {
  const which = state.ids.indexOf(input.id);
  if (which < 0 || input.type === "down") return [state, []];
  if (input.type === "up") return [IDLE, []];
  const next = which === 0 ? { ...state, a: input.at } : { ...state, b: input.at };
  const factor = apart(next.a, next.b) / Math.max(1, apart(state.a, state.b));
  return [next, [{ do: "pinch", from: between(state.a, state.b), to: between(next.a, next.b), factor }]];
}

const apart = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const between = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
