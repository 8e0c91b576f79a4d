/**
 * The messages between browser and kernel, version 1, and nothing else. The other side is impose_widget/protocol.py;
 * tests/protocol/cases holds one example of each, which both sides read.
 *
 * Coordinates are pixels of the video with integers at pixel centres. Buffers are little endian.
 */

export const VERSION = 1;

export type Span = [first: number, last: number]; // frames, both included
export type Direction = "forward" | "backward" | "both";
export type Size = "full" | "preview";
export type Scope = "frame" | "onwards" | "backwards" | "all";

export interface Video {
  name: string;
  width: number;
  height: number;
  fps: number;
  n_frames: number;
  notes: string[];
}

export interface Skeleton {
  name: string;
  keypoints: string[];
  edges: [number, number][];
  flip_pairs: [number, number][];
  sigmas: number[];
}

export interface Person {
  track_id: number;
  colour: string;
  first: number;
  last: number;
  n_frames: number;
  n_anchors: number;
  n_pending: number;
}

export interface State {
  revision: number;
  people: Person[];
  found: Span[];
  pending: number[];
  anchors: [frame: number, track_id: number][];
  undo: string | null;
  redo: string | null;
  next_track_id: number;
  read_only: boolean;
  store: string;
  clicks: number;
  active_seconds: number;
}

export interface Job {
  job: number;
  what: string;
  done?: number;
  total?: number;
  text?: string;
}

export interface Issue {
  issue: number | string;
  frame: number;
  frame_end: number;
  track_id: number;
  keypoint: string | null;
  kind: string;
  severity: number;
  reason: string;
}

/** The calls of a session that change something, with their arguments. */
export interface Edits {
  correct: { frame: number; track_id: number; keypoint: string; xy: [number, number]; visibility: number };
  set_visibility: { frame: number; track_id: number; keypoint: string; visibility: number };
  set_anchor: { frame: number; track_id: number; on: boolean };
  move: { frame: number; track_id: number; dxy: [number, number]; scale: number; rotation: number };
  flip: { frame: number; track_id: number; part: string };
  copy_pose: { track_id: number; from_frame: number; to_frame: number };
  draw_box: { frame: number; box_xywh: [number, number, number, number]; track_id: number | null };
  assign: { frame: number; track_id: number; new_track_id: number; scope: Scope | Span };
  swap: { a: number; b: number; frame: number; scope: Scope | Span };
  merge: { a: number; b: number };
  split: { track_id: number; frame: number };
  delete: { track_id: number; frame: number | null; scope: Scope | Span };
  interpolate: { track_id: number; first: number; last: number; max_gap: number };
  resolve_issue: { issue: number | string; state: "accepted" | "ignored" };
  undo: Record<string, never>;
  redo: Record<string, never>;
}
export type Action = keyof Edits;

/** What the browser asks, without the `rid` and `client` that the bridge adds. */
export type Request =
  | { kind: "hello"; version: number }
  | { kind: "frames"; want: number[]; size: Size }
  | { kind: "poses"; first: number; stop: number }
  | { kind: "edit"; action: Action; args: Edits[Action]; base: number }
  | {
      kind: "propagate";
      frame: number | null;
      direction: Direction;
      stop: number | null;
      tracks: number[] | "all" | null;
      keypoints: string[] | null;
    }
  | { kind: "initialize" }
  | { kind: "cancel"; job: number | null }
  | { kind: "issue"; after: number | string | null }
  | { kind: "option"; name: "auto_propagate"; value: boolean }
  | { kind: "ping" };

export type ErrorCode = "version" | "unknown" | "value" | "stale" | "read_only" | "failed";
interface Answered {
  rid: number;
  client: string;
}
export interface Options {
  auto_propagate: boolean;
}
export type Welcome = Answered & {
  kind: "welcome";
  version: number;
  video: Video;
  skeleton: Skeleton;
  state: State;
  jobs: Job[];
  options: Options;
};
export type Answer =
  | Welcome
  | (Answered & { kind: "frames"; frames: number[]; size: Size })
  | (Answered & { kind: "poses"; first: number; stop: number; revision: number; n: number })
  | (Answered & { kind: "done"; revision: number; result: unknown })
  | (Answered & { kind: "job"; job: number; what: string })
  | (Answered & { kind: "ok" })
  | (Answered & { kind: "issue"; issue: Issue | null; n_open: number })
  | { kind: "error"; rid: number | null; client: string | null; code: ErrorCode; message: string };

export type Changed = {
  kind: "changed";
  revision: number;
  action: string;
  frames: Span[];
  track_ids: number[];
  state: State;
  n: number | null;
};
export type Broadcast =
  | Changed
  | { kind: "progress"; job: number; what: string; done: number; total: number; text: string }
  | {
      kind: "finished";
      job: number;
      what: string;
      stopped: string;
      frames: number;
      keypoints: number;
      seconds: number;
      track_ids: number[];
    }
  | { kind: "failed"; job: number; what: string; message: string }
  | { kind: "options"; auto_propagate: boolean }
  | { kind: "go"; frame: number; track_id: number | null };
export type Message = Answer | Broadcast;

/** The answer that each request gets, when it gets no error. */
export interface AnswerTo {
  hello: Welcome;
  frames: Extract<Answer, { kind: "frames" }>;
  poses: Extract<Answer, { kind: "poses" }>;
  edit: Extract<Answer, { kind: "done" }>;
  propagate: Extract<Answer, { kind: "job" }>;
  initialize: Extract<Answer, { kind: "job" }>;
  cancel: Extract<Answer, { kind: "ok" }>;
  issue: Extract<Answer, { kind: "issue" }>;
  option: Extract<Answer, { kind: "ok" }>;
  ping: Extract<Answer, { kind: "ok" }>;
}

// -- what a message must look like ---------------------------------------------------------------------------------

type Check = (value: unknown) => boolean;
const int: Check = Number.isInteger;
const number: Check = (v) => typeof v === "number";
const text: Check = (v) => typeof v === "string";
const bool: Check = (v) => typeof v === "boolean";
const any: Check = (v) => v !== undefined;
const record: Check = (v) => typeof v === "object" && v !== null && !Array.isArray(v);
const list =
  (of: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(of);
const maybe =
  (of: Check): Check =>
  (v) =>
    v === null || of(v);
const one =
  (...words: unknown[]): Check =>
  (v) =>
    words.includes(v);
const fields =
  (shape: Record<string, Check>): Check =>
  (v) =>
    record(v) && Object.entries(shape).every(([name, check]) => check((v as Record<string, unknown>)[name]));
const pair: Check = (v) => list(int)(v) && (v as unknown[]).length === 2;
const xy: Check = (v) => list(number)(v) && (v as unknown[]).length === 2;
const scope: Check = (v) => one("frame", "onwards", "backwards", "all")(v) || pair(v);
const key: Check = (v) => int(v) || text(v);

const state = fields({
  revision: int,
  people: list(
    fields({
      track_id: int,
      colour: text,
      first: int,
      last: int,
      n_frames: int,
      n_anchors: int,
      n_pending: int,
    }),
  ),
  found: list(pair),
  pending: list(int),
  anchors: list(pair),
  undo: maybe(text),
  redo: maybe(text),
  next_track_id: int,
  read_only: bool,
  store: text,
  clicks: int,
  active_seconds: number,
});
const skeleton = fields({
  name: text,
  keypoints: list(text),
  edges: list(pair),
  flip_pairs: list(pair),
  sigmas: list(number),
});
const video = fields({ name: text, width: int, height: int, fps: number, n_frames: int, notes: list(text) });
const issue = fields({
  issue: key,
  frame: int,
  frame_end: int,
  track_id: int,
  keypoint: maybe(text),
  kind: text,
  severity: number,
  reason: text,
});
const answered = { rid: int, client: text };
const direction = one("forward", "backward", "both");
const size = one("full", "preview");

/** Arguments of each action of `edit`. */
export const EDITS: Record<Action, Record<string, Check>> = {
  correct: { frame: int, track_id: int, keypoint: text, xy, visibility: one(1, 2) },
  set_visibility: { frame: int, track_id: int, keypoint: text, visibility: one(0, 1, 2) },
  set_anchor: { frame: int, track_id: int, on: bool },
  move: { frame: int, track_id: int, dxy: xy, scale: number, rotation: number },
  flip: { frame: int, track_id: int, part: one("all", "arms", "legs", "face") },
  copy_pose: { track_id: int, from_frame: int, to_frame: int },
  draw_box: { frame: int, box_xywh: (v) => list(number)(v) && (v as unknown[]).length === 4, track_id: maybe(int) },
  assign: { frame: int, track_id: int, new_track_id: int, scope },
  swap: { a: int, b: int, frame: int, scope },
  merge: { a: int, b: int },
  split: { track_id: int, frame: int },
  delete: { track_id: int, frame: maybe(int), scope },
  interpolate: { track_id: int, first: int, last: int, max_gap: int },
  resolve_issue: { issue: key, state: one("accepted", "ignored") },
  undo: {},
  redo: {},
};

/** Fields of each request. */
export const REQUESTS: Record<Request["kind"], Record<string, Check>> = {
  hello: { ...answered, version: int },
  frames: { ...answered, want: list(int), size },
  poses: { ...answered, first: int, stop: int },
  edit: { ...answered, action: (v) => typeof v === "string" && v in EDITS, args: record, base: int },
  propagate: {
    ...answered,
    frame: maybe(int),
    direction,
    stop: maybe(int),
    tracks: (v) => v === null || v === "all" || list(int)(v),
    keypoints: maybe(list(text)),
  },
  initialize: { ...answered },
  cancel: { ...answered, job: maybe(int) },
  issue: { ...answered, after: maybe(key) },
  option: { ...answered, name: one("auto_propagate"), value: bool },
  ping: { ...answered },
};

/** Fields of each message of the kernel. */
export const MESSAGES: Record<Message["kind"], Record<string, Check>> = {
  welcome: {
    ...answered,
    version: int,
    video,
    skeleton,
    state,
    jobs: list(fields({ job: int, what: text })),
    options: fields({ auto_propagate: bool }),
  },
  frames: { ...answered, frames: list(int), size },
  poses: { ...answered, first: int, stop: int, revision: int, n: int },
  done: { ...answered, revision: int, result: any },
  job: { ...answered, job: int, what: text },
  ok: { ...answered },
  issue: { ...answered, issue: maybe(issue), n_open: int },
  error: { rid: maybe(int), client: maybe(text), code: text, message: text },
  changed: { revision: int, action: text, frames: list(pair), track_ids: list(int), state, n: maybe(int) },
  progress: { job: int, what: text, done: number, total: number, text },
  finished: {
    job: int,
    what: text,
    stopped: text,
    frames: int,
    keypoints: int,
    seconds: number,
    track_ids: list(int),
  },
  failed: { job: int, what: text, message: text },
  options: { auto_propagate: bool },
  go: { frame: int, track_id: maybe(int) },
};

/** What is wrong with a message, as words; null if nothing. */
export function fault(content: unknown, shapes: Record<string, Record<string, Check>>): string | null {
  const kind = (content as { kind?: unknown } | null)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(shapes, kind)) return `unknown kind ${JSON.stringify(kind)}`;
  for (const [name, check] of Object.entries(shapes[kind]!))
    if (!check((content as Record<string, unknown>)[name])) return `${kind}: field ${name} is missing or wrong`;
  return null;
}

/** The message, if it is one that this version knows. */
export function parse(content: unknown): Message {
  const wrong = fault(content, MESSAGES);
  if (wrong) throw new Error(`Expected a message of protocol ${VERSION}, got ${wrong}.`);
  return content as Message;
}

// -- poses as buffers ----------------------------------------------------------------------------------------------

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
