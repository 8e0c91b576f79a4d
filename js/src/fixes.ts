/** What would mend a doubtful place, where that can be said: an edit to do with one key, or a question to ask. Pure. */

import { flagsOf, HUMAN, VISIBLE } from "./codec";
import { type FramePoses, type Pose, placed } from "./poses";
import type { PromptKind } from "./prompt";
import type { Action, Edits, Issue, Scope, Skeleton, Span } from "./protocol";

export type Fix =
  | { what: "edit"; words: string; edit: { [A in Action]: [A, Edits[A]] }[Action]; pose: Pose | null }
  | { what: "ask"; words: string; kind: PromptKind; other: number | null; scope: Scope | Span };

/** Parts of a body that are exchanged as one, by words in the names of keypoints; as the session has them. */
const PARTS: readonly (readonly [part: string, words: readonly string[]])[] = [
  ["arms", ["shoulder", "elbow", "wrist", "hand"]],
  ["legs", ["hip", "knee", "ankle", "foot"]],
  ["face", ["eye", "ear"]],
];

export const partOf = (keypoint: string | null): string =>
  PARTS.find(([, words]) => words.some((word) => keypoint?.toLowerCase().includes(word)))?.[0] ?? "all";

/**
 * @param at the people of a frame, as far as they are known.
 */
export function fixOf(issue: Issue, at: (frame: number) => FramePoses | undefined, skeleton: Skeleton): Fix | null {
  const { kind, track_id, frame, frame_end } = issue;
  const other = issue.track_id_b ?? null;
  if (kind === "crossing" && other !== null)
    return { what: "ask", words: "Swap the two from here on", kind: "swap", other, scope: "onwards" };
  if (kind === "duplicate")
    return { what: "ask", words: "Delete this one here", kind: "delete", other: null, scope: [frame, frame_end] };
  if (kind === "flip") return flipped(issue, at, skeleton);
  if (kind === "jump" && issue.keypoint !== null) return between(issue, at, skeleton);
  if (kind === "gap" && at(frame - 1)?.has(track_id) && at(frame_end + 1)?.has(track_id)) {
    const [first, last] = [frame - 1, frame_end + 1];
    const edit = ["interpolate", { track_id, first, last, max_gap: Math.max(10, last - first) }] as const;
    return { what: "edit", words: "Fill the gap", edit: [...edit], pose: null };
  }
  return null;
}

/** Left and right exchanged, in one frame. */
function flipped(
  { track_id, frame, keypoint }: Issue,
  at: (frame: number) => FramePoses | undefined,
  s: Skeleton,
): Fix {
  const part = partOf(keypoint);
  const words = part === "all" ? "Exchange left and right" : `Exchange ${part}`;
  const now = at(frame)?.get(track_id);
  return {
    what: "edit",
    words,
    edit: ["flip", { frame, track_id, part }],
    pose: now ? exchanged(now, s, part) : null,
  };
}

/** A pose with the left and the right of a part exchanged. */
export function exchanged(pose: Pose, skeleton: Skeleton, part: string): Pose {
  const xy = pose.xy.slice();
  const flags = pose.flags.slice();
  for (const [a, b] of skeleton.flip_pairs) {
    if (part !== "all" && partOf(skeleton.keypoints[a]!) !== part) continue;
    for (let i = 0; i < 2; i++) [xy[2 * a + i], xy[2 * b + i]] = [pose.xy[2 * b + i]!, pose.xy[2 * a + i]!];
    [flags[a], flags[b]] = [pose.flags[b]!, pose.flags[a]!];
  }
  return { ...pose, xy, flags };
}

/** A keypoint that jumped and came back, put where it would be on its way. */
function between(issue: Issue, at: (frame: number) => FramePoses | undefined, skeleton: Skeleton): Fix | null {
  const { track_id, frame, frame_end, keypoint } = issue;
  const k = skeleton.keypoints.indexOf(keypoint!);
  const [before, now, after] = [frame - 1, frame, frame_end + 1].map((f) => at(f)?.get(track_id));
  if (k < 0 || !before || !now || !after || !placed(before, k) || !placed(after, k)) return null;
  const share = 1 / (frame_end - frame + 2);
  const mid = (i: number) => round(before.xy[2 * k + i]! + share * (after.xy[2 * k + i]! - before.xy[2 * k + i]!));
  const to: [number, number] = [mid(0), mid(1)];
  const xy = now.xy.slice();
  const flags = now.flags.slice();
  xy.set(to, 2 * k);
  flags[k] = flagsOf(VISIBLE, HUMAN, true);
  return {
    what: "edit",
    words: "Put it in between",
    edit: ["correct", { frame, track_id, keypoint: keypoint!, xy: to, visibility: VISIBLE }],
    pose: { ...now, xy, flags },
  };
}

const round = (value: number): number => Number(value.toFixed(2));
