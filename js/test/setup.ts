/** What tests share: a small skeleton, and rows of poses. */

import { flagsOf, type PoseRows } from "../src/codec";
import type { Skeleton } from "../src/protocol";

export const SKELETON: Skeleton = {
  name: "three",
  keypoints: ["nose", "left_hand", "right_hand"],
  edges: [
    [0, 1],
    [0, 2],
  ],
  flip_pairs: [[1, 2]],
  sigmas: [0.1, 0.1, 0.1],
};

export interface Row {
  frame: number;
  track_id: number;
  xy: (readonly [number, number] | null)[];
  flags?: number[];
  box?: readonly [number, number, number, number];
}

/** Rows as the kernel would send them; a keypoint without a place is absent. */
export function rowsOf(rows: readonly Row[], K = 3): PoseRows {
  const n = rows.length;
  const out: PoseRows = {
    n,
    K,
    who: new Int32Array(2 * n),
    xy: new Float32Array(2 * n * K).fill(Number.NaN),
    score: new Uint8Array(n * K).fill(200),
    flags: new Uint8Array(n * K),
    box: new Float32Array(4 * n).fill(Number.NaN),
    marks: new Uint8Array(n),
  };
  rows.forEach((row, i) => {
    out.who.set([row.frame, row.track_id], 2 * i);
    if (row.box) out.box.set(row.box, 4 * i);
    row.xy.forEach((p, k) => {
      if (p) out.xy.set(p, 2 * (i * K + k));
      out.flags[i * K + k] = row.flags?.[k] ?? (p ? flagsOf(2, 0, false) : 0);
    });
  });
  return out;
}
