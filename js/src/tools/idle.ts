import type { Context, PointerInput, Step, ToolState } from "./machine";

/** Nothing is held. A press starts to point; with the middle button or the space bar it takes hold of the picture. */
export function idle(state: ToolState, input: PointerInput, context: Context): Step {
  if (input.type !== "down") return [state, []];
  if (input.button === 1 || (input.button === 0 && input.space))
    return [{ name: "panning", id: input.id, last: input.at }, []];
  if (input.button !== 0) return [state, []];
  const hit = context.hit(input.at, input.pointerType);
  const { id, at, pointerType, alt } = input;
  return [{ name: "pointing", id, from: at, hit, pointerType, alt }, []];
}
