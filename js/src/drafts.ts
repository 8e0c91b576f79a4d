/**
 * What a hand has done and the kernel has not said yet: drawn at once, over the kernel's poses, until its word comes.
 * Pure; poses are never written to.
 */

import type { Box } from "./boxes";
import { ABSENT, BOX_ANCHOR, flagsOf, HUMAN, VISIBLE, visibilityOf } from "./codec";
import type { FramePoses, Pose } from "./poses";

export type Draft =
  | { what: "keypoint"; frame: number; track_id: number; k: number; xy: readonly [number, number]; visibility: number }
  | { what: "visibility"; frame: number; track_id: number; k: number; visibility: number }
  | {
      what: "move";
      frame: number;
      track_id: number;
      dxy: readonly [number, number];
      scale: number;
      rotation: number; // degrees, clockwise on the screen
    }
  | { what: "box"; frame: number; track_id: number; box: Box };

/** A frame's people with drafts applied in their order. */
export function applyDrafts(people: FramePoses | undefined, drafts: readonly Draft[], frame: number): FramePoses {
  const here = drafts.filter((d) => d.frame === frame);
  if (!people || here.length === 0) return people ?? new Map();
  const out = new Map(people);
  for (const draft of here) {
    const pose = out.get(draft.track_id);
    if (pose) out.set(draft.track_id, applied(pose, draft));
  }
  return out;
}

function applied(pose: Pose, draft: Draft): Pose {
  const xy = pose.xy.slice();
  const flags = pose.flags.slice();
  if (draft.what === "box") return { ...pose, box: Float32Array.from(draft.box), marks: pose.marks | BOX_ANCHOR };
  if (draft.what === "move") return moved(pose, draft.dxy, draft.scale, draft.rotation);
  const k = draft.k;
  flags[k] = flagsOf(draft.visibility, HUMAN, true);
  if (draft.what === "keypoint") [xy[2 * k], xy[2 * k + 1]] = draft.xy;
  else if (draft.visibility === ABSENT) xy[2 * k] = xy[2 * k + 1] = NaN;
  return { ...pose, xy, flags };
}

/** All keypoints and the box shifted, and scaled and turned about their middle, as the session's `move` does it. */
export function moved(pose: Pose, dxy: readonly [number, number], scale: number, rotation = 0): Pose {
  const [cx, cy] = middle(pose);
  const cos = scale * Math.cos((rotation * Math.PI) / 180);
  const sin = scale * Math.sin((rotation * Math.PI) / 180);
  const to = ([x, y]: readonly [number, number]): [number, number] => [
    cx + cos * (x - cx) - sin * (y - cy) + dxy[0],
    cy + sin * (x - cx) + cos * (y - cy) + dxy[1],
  ];
  const xy = pose.xy.slice();
  for (let i = 0; i < xy.length; i += 2) [xy[i], xy[i + 1]] = to([xy[i]!, xy[i + 1]!]) as [number, number];
  const [x, y, w, h] = pose.box as unknown as [number, number, number, number];
  const [bx, by] = to([x + w / 2, y + h / 2]); // a box stays upright
  return { ...pose, xy, box: Float32Array.of(bx - (scale * w) / 2, by - (scale * h) / 2, scale * w, scale * h) };
}

function middle(pose: Pose): [number, number] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < pose.xy.length; i += 2) {
    if (!Number.isFinite(pose.xy[i]!)) continue;
    x0 = Math.min(x0, pose.xy[i]!);
    y0 = Math.min(y0, pose.xy[i + 1]!);
    x1 = Math.max(x1, pose.xy[i]!);
    y1 = Math.max(y1, pose.xy[i + 1]!);
  }
  return x0 <= x1 ? [(x0 + x1) / 2, (y0 + y1) / 2] : [0, 0];
}

/** The visibility that follows when one key goes through them: visible, occluded, absent. */
export function nextVisibility(flags: number): number {
  const now = visibilityOf(flags);
  return now === ABSENT ? VISIBLE : now - 1;
}
