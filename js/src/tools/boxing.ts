import type { Point } from "../camera";
import { type Context, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

const SMALLEST = 4; // image pixels; less is a slip of the hand

/** A box is drawn about a missed person. */
export function boxing(state: Extract<ToolState, { name: "boxing" }>, input: PointerInput, context: Context): Step {
  if (input.type === "down") {
    if (state.id !== null || input.button !== 0) return [state, []];
    const from = context.clamp(context.image(input.at));
    return [{ ...state, id: input.id, from, to: from }, [{ do: "hold" }]];
  }
  if (input.id !== state.id || !state.from) return [state, []];
  const to = context.clamp(context.image(input.at));
  const box = boxOf(state.from, to);
  if (input.type === "move") return [{ ...state, to }, [{ do: "preview box", box }]];
  if (box[2] < SMALLEST || box[3] < SMALLEST)
    return [
      { name: "boxing", id: null, from: null, to: null },
      [
        { do: "preview box", box: null },
        { do: "say", text: "Drag a box around the whole person." },
      ],
    ];
  return [
    IDLE,
    [
      { do: "preview box", box: null },
      { do: "draw box", box },
    ],
  ];
}

function boxOf(a: Point, b: Point): [number, number, number, number] {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
}
