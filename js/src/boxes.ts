/** A person's box as something to take hold of: eight handles, and its edge. Pure; everything is in image pixels. */

import type { Point } from "./camera";
import { distance } from "./hit";

export type Box = readonly [x: number, y: number, w: number, h: number];
/** Which sides go along: -1 left or top, 1 right or bottom, 0 neither; [0, 0] is the whole box. */
export type Part = readonly [-1 | 0 | 1, -1 | 0 | 1];

const LEAST = 2; // pixels that are left of a box however far it is pushed together
const ROOM = 5; // times the reach: the least length of a side with a handle in its middle
const SIDES = [-1, 0, 1] as const;
/** Corners before sides: where they lie close together the corner does more. */
export const HANDLES: readonly Part[] = SIDES.flatMap((i) => SIDES.map((j): Part => [i, j]))
  .filter(([i, j]) => i !== 0 || j !== 0)
  .sort((a, b) => Math.abs(b[0] * b[1]) - Math.abs(a[0] * a[1]));

/** Where a handle is. */
export function handleAt([x, y, w, h]: Box, [i, j]: Part): [number, number] {
  return [x + ((i + 1) / 2) * w, y + ((j + 1) / 2) * h];
}

/** The handle in reach; short sides have none in their middle, so that there is an edge to take. */
export function handleNear(box: Box, at: Point, reach: number): Part | undefined {
  return HANDLES.find((part) => {
    const [x, y] = handleAt(box, part);
    if ((part[0] === 0 && box[2] < ROOM * reach) || (part[1] === 0 && box[3] < ROOM * reach)) return false;
    return Math.hypot(at[0] - x, at[1] - y) <= reach;
  });
}

/** Whether the outline of a box is in reach. */
export function onEdge([x, y, w, h]: Box, at: Point, reach: number): boolean {
  const corners: Point[] = [
    [x, y],
    [x + w, y],
    [x + w, y + h],
    [x, y + h],
  ];
  return corners.some((corner, i) => distance(at, corner, corners[(i + 1) % 4]!) <= reach);
}

/** A box with a part of it moved; a side that is pushed past the other stops there, and nothing leaves the image. */
export function reshaped(box: Box, part: Part, by: Point, image: { width: number; height: number }): Box {
  const [x, w] = along(box[0], box[2], part[0], part[1] === 0, by[0], image.width);
  const [y, h] = along(box[1], box[3], part[1], part[0] === 0, by[1], image.height);
  return [x, y, w, h];
}

/** One direction of it: where a box begins and how long it is. Pixels reach half beyond their centres. */
function along(from: number, size: number, side: -1 | 0 | 1, whole: boolean, by: number, extent: number) {
  const [low, high] = [-0.5, extent - 0.5];
  const to = from + size;
  const within = (v: number, a: number, b: number) => Math.min(Math.max(a, b), Math.max(Math.min(a, b), v));
  if (side < 0) {
    const start = within(from + by, Math.min(low, from), to - LEAST);
    return [start, to - start] as const;
  }
  if (side > 0) return [from, within(to + by, from + LEAST, Math.max(high, to)) - from] as const;
  // Its middle stays on the image.
  return whole ? ([within(from + by, low - size / 2, high - size / 2), size] as const) : ([from, size] as const);
}
