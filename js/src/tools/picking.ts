import type { Context, PointerInput, Step, ToolState } from "./machine";

/** A click on a person answers the question that is open (who to swap with, whom to merge, who it is). */
export function picking(state: Extract<ToolState, { name: "picking" }>, input: PointerInput, context: Context): Step {
  if (input.type !== "down" || input.button !== 0) return [state, []];
  const hit = context.hit(input.at, input.pointerType);
  return [state, hit.what === "nothing" ? [] : [{ do: "pick", track_id: hit.track_id }]];
}
