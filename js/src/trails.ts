/** The path of a keypoint through the frames about one. Pure. */

import { isAnchor } from "./codec";
import { type Pose, placed } from "./poses";

export interface Trail {
  track_id: number;
  k: number;
  here: number; // index of the frame on the screen
  points: readonly (readonly [x: number, y: number] | null)[]; // one a frame; null where it has no place
  anchors: readonly number[]; // indices of frames in which a human placed it
}

/** Of every keypoint, or of one. Frames in which the person is not known break a path. */
export function trailsOf(
  at: (frame: number) => Pose | undefined,
  frame: number,
  reach: number,
  only: number | null,
): Trail[] {
  const poses = Array.from({ length: 2 * reach + 1 }, (_, i) => at(frame - reach + i));
  const some = poses.find((p) => p !== undefined);
  if (!some) return [];
  const list = only === null ? [...some.flags.keys()] : [only];
  return list.map((k) => ({
    track_id: some.track_id,
    k,
    here: reach,
    points: poses.map((p) => (p && placed(p, k) ? ([p.xy[2 * k]!, p.xy[2 * k + 1]!] as const) : null)),
    anchors: [...poses.entries()].filter(([, p]) => p && placed(p, k) && isAnchor(p.flags[k]!)).map(([i]) => i),
  }));
}
