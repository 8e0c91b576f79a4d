/** Poses that are drawn beneath the people: of another time, or as they were or would be. Pure. */

import type { FramePoses, Pose } from "./poses";

export interface Ghost {
  pose: Pose;
  tint: string | null; // null: the person's colour
  alpha: number;
  dashed: boolean;
  to: Pose | null; // thin lines lead to its keypoints
}

const EARLIER = "#ffd3b0";
const LATER = "#cfe9ff";
const PROPOSED = "#8dffb0";

/** Poses as they were, with lines to where they are now. */
export function earlier(before: FramePoses, now: FramePoses): Ghost[] {
  return [...before.values()].map((pose) => ({
    pose,
    tint: null,
    alpha: 0.8,
    dashed: true,
    to: now.get(pose.track_id) ?? null,
  }));
}

/** A pose as it would be. */
export const proposed = (pose: Pose, now: Pose | null): Ghost => ({
  pose,
  tint: PROPOSED,
  alpha: 0.95,
  dashed: true,
  to: now,
});

/** The same person a little earlier and a little later. */
export function beside(before: Pose | undefined, after: Pose | undefined): Ghost[] {
  const ghost = (pose: Pose, tint: string): Ghost => ({ pose, tint, alpha: 0.7, dashed: false, to: null });
  return [...(before ? [ghost(before, EARLIER)] : []), ...(after ? [ghost(after, LATER)] : [])];
}

/** Onion skin: people in the frames about one, the fainter the further; only of one person if one is given. */
export function onion(
  at: (frame: number) => FramePoses | undefined,
  frame: number,
  reach: number,
  only: number | null,
): Ghost[] {
  const out: Ghost[] = [];
  for (let by = reach; by >= 1; by--)
    for (const way of [-1, 1]) {
      const alpha = 0.75 * (1 - (by - 1) / (reach + 1));
      for (const pose of at(frame + way * by)?.values() ?? [])
        if (only === null || pose.track_id === only)
          out.push({ pose, tint: way < 0 ? EARLIER : LATER, alpha, dashed: false, to: null });
    }
  return out;
}
