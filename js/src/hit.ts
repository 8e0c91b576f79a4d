/** What is under a point of the image. Pure; distances are given in image pixels. */

import { handleNear, onEdge, type Part } from "./boxes";
import type { Point } from "./camera";
import { bounds, type FramePoses, type Pose, placed } from "./poses";

export type Hit =
  | { what: "keypoint"; track_id: number; k: number }
  | { what: "person"; track_id: number }
  | { what: "box"; track_id: number; part: Part }
  | { what: "nothing" };

export interface Reach {
  keypoint: number; // radius about a keypoint
  limb: number; // distance from a limb
}
export const NOTHING: Hit = { what: "nothing" };

/** Radii on the screen, CSS pixels: a finger needs more room than a mouse. */
export function reachOf(pointerType: string, scale: number): Reach {
  const finger = pointerType === "touch";
  return { keypoint: (finger ? 24 : 12) / scale, limb: (finger ? 14 : 7) / scale };
}

/**
 * The nearest keypoint of the selected person, if one is in reach; else the nearest of anybody; else the person whose
 * limb is there, or the smallest one whose box is there. Where boxes are shown the handles of the selected person's
 * come before everything, and its edge before limbs.
 */
export function hitTest(
  people: FramePoses,
  edges: readonly (readonly [number, number])[],
  at: Point,
  reach: Reach,
  selected: number | null,
  boxes = false, // shown: the selected person's can be taken
): Hit {
  const own = selected === null ? undefined : people.get(selected);
  const box = boxes && own ? bounds(own) : null;
  const handle = box && handleNear(box, at, reach.limb);
  if (handle) return { what: "box", track_id: own!.track_id, part: handle };
  return (
    (own && nearestKeypoint([own], at, reach.keypoint)) ??
    nearestKeypoint(people.values(), at, reach.keypoint) ??
    (box && onEdge(box, at, reach.limb) ? { what: "box", track_id: own!.track_id, part: [0, 0] } : undefined) ??
    (own && nearestLimb([own], edges, at, reach.limb)) ??
    nearestLimb(people.values(), edges, at, reach.limb) ??
    smallestBox(people, at) ??
    NOTHING
  );
}

function nearestKeypoint(people: Iterable<Pose>, [x, y]: Point, radius: number): Hit | undefined {
  let best: Hit | undefined;
  let least = radius * radius;
  for (const p of people)
    for (let k = 0; k < p.flags.length; k++) {
      if (!placed(p, k)) continue;
      const d = (p.xy[2 * k]! - x) ** 2 + (p.xy[2 * k + 1]! - y) ** 2;
      if (d > least) continue;
      least = d;
      best = { what: "keypoint", track_id: p.track_id, k };
    }
  return best;
}

function nearestLimb(
  people: Iterable<Pose>,
  edges: readonly (readonly [number, number])[],
  at: Point,
  reach: number,
): Hit | undefined {
  let best: Hit | undefined;
  let least = reach;
  for (const p of people)
    for (const [a, b] of edges) {
      if (!placed(p, a) || !placed(p, b)) continue;
      const d = distance(at, [p.xy[2 * a]!, p.xy[2 * a + 1]!], [p.xy[2 * b]!, p.xy[2 * b + 1]!]);
      if (d >= least) continue;
      least = d;
      best = { what: "person", track_id: p.track_id };
    }
  return best;
}

/** From a point to a line between two others. */
export function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

function smallestBox(people: FramePoses, [x, y]: Point): Hit | undefined {
  let best: Hit | undefined;
  let least = Infinity;
  for (const p of people.values()) {
    const box = bounds(p);
    if (!box) continue;
    const [bx, by, w, h] = box;
    if (x < bx || y < by || x > bx + w || y > by + h || w * h >= least) continue;
    least = w * h;
    best = { what: "person", track_id: p.track_id };
  }
  return best;
}
