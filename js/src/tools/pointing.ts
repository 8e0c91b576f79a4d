import { type Context, type Effect, IDLE, type PointerInput, type Step, type ToolState } from "./machine";

const THRESHOLD = { mouse: 3, pen: 5, touch: 8 }; // CSS pixels before a press becomes a drag

/** Pressed, not moved yet: a release is a click, a move takes what was pressed. */
export function pointing(state: Extract<ToolState, { name: "pointing" }>, input: PointerInput, context: Context): Step {
  if (input.type === "down") return secondFinger(state, input);
  if (input.id !== state.id) return [state, []];
  if (input.type === "up") return [IDLE, [click(state)]];
  const limit = THRESHOLD[state.pointerType as keyof typeof THRESHOLD] ?? THRESHOLD.mouse;
  if (Math.hypot(input.at[0] - state.from[0], input.at[1] - state.from[1]) < limit) return [state, []];
  return take(state, input, context);
}

function click(state: Extract<ToolState, { name: "pointing" }>): Effect {
  const { hit } = state;
  if (hit.what === "nothing") return { do: "select", track_id: null, k: null };
  return { do: "select", track_id: hit.track_id, k: hit.what === "keypoint" ? hit.k : null };
}

function secondFinger(state: Extract<ToolState, { name: "pointing" }>, input: PointerInput): Step {
  if (input.pointerType !== "touch" || state.pointerType !== "touch") return [state, []];
  return [{ name: "pinching", ids: [state.id, input.id], a: state.from, b: input.at }, []];
}

function take(state: Extract<ToolState, { name: "pointing" }>, input: PointerInput, context: Context): Step {
  const { hit, id, from } = state;
  if (state.alt && hit.what !== "nothing") {
    if (!context.canEdit) return readOnly(state, input);
    const moving: ToolState = { name: "moving", id, track_id: hit.track_id, from: context.image(from), dxy: [0, 0] };
    return [moving, [{ do: "hold" }, { do: "select", track_id: hit.track_id, k: null }]];
  }
  if (hit.what === "keypoint") {
    const at = context.keypoint(hit.track_id, hit.k);
    if (!context.canEdit || !at) return readOnly(state, input);
    const pressed = context.image(from);
    const dragging: ToolState = {
      name: "dragging",
      id,
      track_id: hit.track_id,
      k: hit.k,
      grip: [at[0] - pressed[0], at[1] - pressed[1]],
      xy: at,
    };
    return [dragging, [{ do: "hold" }, { do: "select", track_id: hit.track_id, k: hit.k }]];
  }
  if (hit.what === "box") {
    const box = context.box(hit.track_id);
    if (!context.canEdit || !box) return readOnly(state, input);
    const sizing: ToolState = {
      name: "sizing",
      id,
      track_id: hit.track_id,
      part: hit.part,
      from: context.image(from),
      box,
    };
    return [sizing, [{ do: "hold" }]];
  }
  const [dx, dy] = [input.at[0] - from[0], input.at[1] - from[1]];
  return [{ name: "panning", id, last: input.at }, [{ do: "pan", dx, dy }]];
}

function readOnly(state: Extract<ToolState, { name: "pointing" }>, input: PointerInput): Step {
  return [{ name: "panning", id: state.id, last: input.at }, [{ do: "say", text: "This cannot be changed here now." }]];
}
