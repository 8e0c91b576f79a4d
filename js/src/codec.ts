/** Poses as the buffers of a message, and the meaning of their bits. */

export const ABSENT = 0;
export const OCCLUDED = 1;
export const VISIBLE = 2;
export const SOURCES = ["model", "propagated", "interpolated", "imported", "human"] as const;
export const HUMAN = 4;
export const PENDING = 1;
export const STALE = 2;
export const BOX_ANCHOR = 4;

/** Poses of n people-in-frames with K keypoints. */
export interface PoseRows {
  n: number;
  K: number;
  who: Int32Array; // (n, 2): frame, track_id
  xy: Float32Array; // (n, K, 2): NaN = absent
  score: Uint8Array; // (n, K): 255 times the score
  flags: Uint8Array; // (n, K): see visibilityOf, sourceOf, isAnchor
  box: Float32Array; // (n, 4): x, y, w, h; NaN = none
  marks: Uint8Array; // (n): PENDING, STALE, BOX_ANCHOR
}

export const visibilityOf = (flags: number): number => flags & 3;
export const sourceOf = (flags: number): number => (flags >> 2) & 7;
export const isAnchor = (flags: number): boolean => (flags & 32) !== 0;
export const flagsOf = (visibility: number, source: number, anchor: boolean): number =>
  visibility | (source << 2) | (anchor ? 32 : 0);

/** The bytes that a view shows, in memory of their own (buffers of messages are not aligned). */
export function bytesOf(view: ArrayBufferView): ArrayBuffer {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
}

/** Poses from the six buffers of a `poses` or `changed` message. */
export function decodePoses(buffers: readonly ArrayBufferView[], n: number, K: number): PoseRows {
  const sizes = [8 * n, 8 * n * K, n * K, n * K, 16 * n, n];
  const got = buffers.map((b) => b.byteLength);
  if (got.length < sizes.length || sizes.some((size, i) => got[i] !== size))
    throw new Error(`Expected pose buffers of ${sizes.join(", ")} bytes, got ${got.join(", ") || "none"}.`);
  const [who, xy, score, flags, box, marks] = buffers.map(bytesOf) as [
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
  ];
  return {
    n,
    K,
    who: new Int32Array(who),
    xy: new Float32Array(xy),
    score: new Uint8Array(score),
    flags: new Uint8Array(flags),
    box: new Float32Array(box),
    marks: new Uint8Array(marks),
  };
}

/** The reverse of `decodePoses`. */
export function encodePoses(rows: PoseRows): DataView[] {
  return [rows.who, rows.xy, rows.score, rows.flags, rows.box, rows.marks].map(
    (a) => new DataView(bytesOf(a as ArrayBufferView)),
  );
}
