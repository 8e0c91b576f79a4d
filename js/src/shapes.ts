/** What each message must look like: checked at the border, so that everything behind it may trust the types. */

import { type Action, type Message, type Request, VERSION } from "./protocol";

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
const box: Check = (v) => list(number)(v) && (v as unknown[]).length === 4;
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
      anchors: list(int),
      pending: list(int),
    }),
  ),
  all: bool,
  gone: list(int),
  found: list(pair),
  undo: maybe(text),
  redo: maybe(text),
  next_track_id: int,
  read_only: bool,
  store: maybe(text),
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
  track_id_b: (v) => v === undefined || maybe(int)(v),
  keypoint: maybe(text),
  kind: text,
  severity: number,
  reason: text,
});
const verdict = fields({
  track_id: int,
  n_visible: int,
  needed: int,
  size: number,
  truncated: bool,
  blurred: list(text),
  given: bool,
  meets: bool,
  kept: bool,
  reason: text,
  verdict: one("open", "accepted", "rejected"),
  comment: text,
  changed_since: bool,
});
const answered = { rid: int, client: text };
const direction = one("forward", "backward", "both");
const curve = {
  track_id: int,
  keypoint: maybe(text),
  what: one("score", "motion"),
  first: int,
  stop: int,
  bins: int,
};
const size = one("full", "preview");

/** Arguments of each action of `edit`. */
export const EDITS: Record<Action, Record<string, Check>> = {
  correct: { frame: int, track_id: int, keypoint: text, xy, visibility: one(1, 2) },
  set_visibility: { frame: int, track_id: int, keypoint: text, visibility: one(0, 1, 2) },
  set_anchor: { frame: int, track_id: int, on: bool },
  move: { frame: int, track_id: int, dxy: xy, scale: number, rotation: number },
  flip: { frame: int, track_id: int, part: one("all", "arms", "legs", "face") },
  copy_pose: { track_id: int, from_frame: int, to_frame: int },
  draw_box: { frame: int, box_xywh: box, track_id: maybe(int) },
  set_box: { frame: int, track_id: int, box_xywh: maybe(box) },
  assign: { frame: int, track_id: int, new_track_id: int, scope },
  swap: { a: int, b: int, frame: int, scope },
  merge: { a: int, b: int },
  split: { track_id: int, frame: int },
  delete: { track_id: int, frame: maybe(int), scope },
  interpolate: { track_id: int, first: int, last: int, max_gap: int },
  reject: { action: maybe(int), frames: maybe(pair), tracks: maybe(list(int)) },
  review: {
    frame: maybe(int),
    track_id: maybe(int),
    verdict: one("accepted", "rejected", "open", "comment"),
    comment: text,
    frame_end: maybe(int),
  },
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
    stop: (v) => maybe(int)(v) || pair(v),
    tracks: (v) => v === null || v === "all" || list(int)(v),
    keypoints: maybe(list(text)),
  },
  initialize: { ...answered },
  cancel: { ...answered, job: maybe(int) },
  issue: { ...answered, after: maybe(key) },
  issues: { ...answered, limit: int },
  lanes: { ...answered, first: int, stop: int, bins: int },
  curve: { ...answered, ...curve },
  before: { ...answered, action: maybe(int), first: int, stop: int },
  guide: { ...answered },
  judged: { ...answered, frame: int, blur: bool },
  review: { ...answered, frame: int, track_id: maybe(int) },
  meters: { ...answered },
  losses: { ...answered, format: text, path: text },
  export: { ...answered, format: text, path: text, replace: bool },
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
  issues: { ...answered, issues: list(issue), n_open: int },
  curve: { ...answered, revision: int, ...curve },
  lanes: { ...answered, revision: int, first: int, stop: int, bins: int, track_ids: list(int) },
  before: {
    ...answered,
    action: maybe(int),
    frames: list(pair),
    track_ids: list(int),
    first: int,
    stop: int,
    n: int,
  },
  guide: { ...answered, name: text, text, file: maybe(text), digest: text, policy: text },
  judged: { ...answered, frame: int, revision: int, blur: bool, people: list(verdict) },
  review: {
    ...answered,
    revision: int,
    person_frames: int,
    accepted: int,
    rejected: int,
    next: maybe(pair),
    comments: list(fields({ frame: int, frame_end: int, track_id: int, verdict: text, comment: text })),
  },
  meters: { ...answered, values: (v) => record(v) && Object.values(v as object).every(number) },
  losses: {
    ...answered,
    format: text,
    path: text,
    exists: bool,
    losses: list(fields({ aspect: text, n: int, what: text })),
    formats: list(fields({ format: text, description: text, suffix: text, needs: text })),
  },
  export: { ...answered, path: text, size: int, said: text },
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
