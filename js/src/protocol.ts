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
  anchors: number[]; // frames with keypoints that a human placed
  pending: number[]; // frames with corrections that were not carried yet
}

export interface State {
  revision: number;
  people: Person[];
  all: boolean; // whether `people` is everybody, or only those who changed
  gone: number[]; // people who are in no frame any more
  found: Span[];
  undo: string | null;
  redo: string | null;
  next_track_id: number;
  read_only: boolean;
  store: string | null; // the journal's file; null: memory only
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
  track_id_b?: number | null; // the other person of a crossing
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
  set_box: { frame: number; track_id: number; box_xywh: [number, number, number, number] | null };
  assign: { frame: number; track_id: number; new_track_id: number; scope: Scope | Span };
  swap: { a: number; b: number; frame: number; scope: Scope | Span };
  merge: { a: number; b: number };
  split: { track_id: number; frame: number };
  delete: { track_id: number; frame: number | null; scope: Scope | Span };
  interpolate: { track_id: number; first: number; last: number; max_gap: number };
  reject: { action: number | null; frames: Span | null; tracks: number[] | null };
  review: {
    frame: number | null;
    track_id: number | null;
    verdict: "accepted" | "rejected" | "open" | "comment";
    comment: string;
    frame_end: number | null;
  };
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
      stop: number | Span | null; // a span: from the anchors in it, and no further than it goes
      tracks: number[] | "all" | null;
      keypoints: string[] | null;
    }
  | { kind: "initialize" }
  | { kind: "cancel"; job: number | null }
  | { kind: "issue"; after: number | string | null }
  | { kind: "issues"; limit: number }
  | { kind: "lanes"; first: number; stop: number; bins: number }
  | {
      kind: "curve";
      track_id: number;
      keypoint: string | null;
      what: CurveKind;
      first: number;
      stop: number;
      bins: number;
    }
  | { kind: "before"; action: number | null; first: number; stop: number }
  | { kind: "guide" }
  | { kind: "judged"; frame: number; blur: boolean }
  | { kind: "review"; frame: number; track_id: number | null }
  | { kind: "meters" }
  | { kind: "losses"; format: string; path: string }
  | { kind: "export"; format: string; path: string; replace: boolean }
  | { kind: "option"; name: "auto_propagate"; value: boolean }
  | { kind: "ping" };

export type ErrorCode = "version" | "unknown" | "value" | "stale" | "read_only" | "busy" | "failed";
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
/** Two buffers of (people, bins) bytes: how sure, 1 to 255, 0 where nobody is; and the marks of `LANE`. */
export type Lanes = Answered & {
  kind: "lanes";
  revision: number;
  first: number;
  stop: number;
  bins: number;
  track_ids: number[];
};
export type CurveKind = "score" | "motion";
/** Three buffers of `bins`: least and greatest value (float32, NaN: none), frame of the worst (int32, -1: none). */
export type Curve = Answered & {
  kind: "curve";
  revision: number;
  track_id: number;
  keypoint: string | null;
  what: CurveKind;
  first: number;
  stop: number;
  bins: number;
};
/** Poses as they were before a propagation: `frames` are all that it changed, the rows those in [first, stop). */
export type Before = Answered & {
  kind: "before";
  action: number | null;
  frames: Span[];
  track_ids: number[];
  first: number;
  stop: number;
  n: number;
};
/** The project's guidelines; `text` is Markdown. */
export type Guide = Answered & {
  kind: "guide";
  name: string;
  text: string;
  file: string | null;
  digest: string;
  policy: string;
};
/** What guidelines and a reviewer say of a person in a frame. */
export interface Verdict {
  track_id: number;
  n_visible: number;
  needed: number;
  size: number; // pixels, the square root of the box's area
  truncated: boolean;
  blurred: string[]; // keypoints
  given: boolean; // somebody placed something by hand
  meets: boolean;
  kept: boolean;
  reason: string; // why they do not meet the guidelines
  verdict: "open" | "accepted" | "rejected";
  comment: string;
  changed_since: boolean; // the pose was changed after the verdict
}
export type Judged = Answered & {
  kind: "judged";
  frame: number;
  revision: number;
  blur: boolean;
  people: Verdict[];
};
export interface Remark {
  frame: number;
  frame_end: number;
  track_id: number;
  verdict: string;
  comment: string;
}
/** How far a review is; `next` is whom to look at, nobody if all were. */
export type Reviewed = Answered & {
  kind: "review";
  revision: number;
  person_frames: number;
  accepted: number;
  rejected: number;
  next: [frame: number, track_id: number] | null;
  comments: Remark[];
};
/** The numbers of `metrics()`. */
export type Meters = Answered & { kind: "meters"; values: Record<string, number> };
export interface Format {
  format: string;
  description: string;
  suffix: string;
  needs: string; // what to install; "" if nothing
}
/** What a file would not hold. */
export type Losses = Answered & {
  kind: "losses";
  format: string;
  path: string;
  exists: boolean;
  losses: { aspect: string; n: number; what: string }[];
  formats: Format[];
};
/** A file was written and read back. */
export type Exported = Answered & { kind: "export"; path: string; size: number; said: string };
export type Answer =
  | Guide
  | Judged
  | Reviewed
  | Meters
  | Losses
  | Exported
  | Welcome
  | (Answered & { kind: "frames"; frames: number[]; size: Size })
  | (Answered & { kind: "poses"; first: number; stop: number; revision: number; n: number })
  | (Answered & { kind: "issues"; issues: Issue[]; n_open: number })
  | Lanes
  | Curve
  | Before
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
  issues: Extract<Answer, { kind: "issues" }>;
  lanes: Lanes;
  curve: Curve;
  before: Before;
  guide: Guide;
  judged: Judged;
  review: Reviewed;
  meters: Meters;
  losses: Losses;
  export: Exported;
  option: Extract<Answer, { kind: "ok" }>;
  ping: Extract<Answer, { kind: "ok" }>;
}
