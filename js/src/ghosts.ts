/** Poses that are drawn beneath the people: as they were before. Pure. */

import type { FramePoses, Pose } from "./poses";

export interface Ghost {
  pose: Pose;
  tint: string | null; // null: the person's colour
  alpha: number;
  dashed: boolean;
  to: Pose | null; // thin lines lead to its keypoints
}

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
