/**
 * The window of poses that the browser holds. Pure: it says what to fetch, it fetches nothing.
 *
 * The kernel's word of the newest revision stands. A frame is either known (all of its people are here) or not; what
 * arrives late, with an older revision than the newest change of a frame, is not merged.
 */

import { type PoseRows, visibilityOf } from "./codec";
import type { Changed, Span } from "./protocol";

/** One person in one frame; arrays are never written to. */
export interface Pose {
  readonly track_id: number;
  readonly xy: Float32Array; // (K, 2)
  readonly score: Uint8Array;
  readonly flags: Uint8Array;
  readonly box: Float32Array; // x, y, w, h
  readonly marks: number;
}
export type FramePoses = ReadonlyMap<number, Pose>;

export const CHUNK = 64; // frames that are fetched together
const KEEP = 96; // chunks

export class PoseWindow {
  private readonly frames = new Map<number, Map<number, Pose>>();
  private readonly stale = new Set<number>(); // frames that are drawn as they were until they come anew
  private readonly touched = new Map<number, number>(); // frame -> revision of its newest change
  private readonly loading = new Set<number>(); // chunks asked for
  private readonly recent = new Map<number, true>(); // chunks, the one used last at the end

  constructor(
    readonly nFrames: number,
    readonly K: number,
  ) {}

  /** The people of a frame; undefined while they are not known. What is stale is better than a flicker. */
  at(frame: number): FramePoses | undefined {
    return this.frames.get(frame);
  }

  /** Forget everything: after a new welcome nothing held is trusted. */
  clear(): void {
    this.frames.clear();
    this.stale.clear();
    this.touched.clear();
    this.loading.clear();
    this.recent.clear();
  }

  /** Chunks that should be asked for when `frame` is shown, as half-open ranges; they count as asked for. */
  want(frame: number, ahead = 1): [first: number, stop: number][] {
    const out: [number, number][] = [];
    const here = Math.floor(frame / CHUNK);
    const last = Math.floor((this.nFrames - 1) / CHUNK);
    for (const chunk of [here, here + ahead, here - ahead]) {
      if (chunk < 0 || chunk > last || this.loading.has(chunk)) continue;
      const [first, stop] = this.range(chunk);
      if (this.complete(first, stop)) continue;
      this.loading.add(chunk);
      out.push([first, stop]);
    }
    this.recent.delete(here);
    this.recent.set(here, true);
    this.forgetOld(here);
    return out;
  }

  /** A request came to nothing: the chunk may be asked for again. */
  failed(first: number): void {
    this.loading.delete(Math.floor(first / CHUNK));
  }

  /** Take in an answer. Frames that changed after `revision` stay unknown. */
  fill(first: number, stop: number, revision: number, rows: PoseRows): void {
    this.failed(first);
    const fresh = (frame: number) => (this.touched.get(frame) ?? -1) <= revision;
    for (let frame = first; frame < stop; frame++) {
      if (!fresh(frame)) continue;
      this.frames.set(frame, new Map());
      this.stale.delete(frame);
    }
    for (let i = 0; i < rows.n; i++) {
      const frame = rows.who[2 * i]!;
      if (frame >= first && frame < stop && fresh(frame)) this.insert(frame, pose(rows, i));
    }
  }

  /** Take in a change: of these frames and people what is held goes, what is given comes. */
  change(message: Pick<Changed, "revision" | "frames" | "track_ids" | "n">, rows: PoseRows | null): void {
    for (const [a, b] of message.frames)
      for (let frame = a; frame <= b; frame++) {
        this.touched.set(frame, message.revision);
        const people = this.frames.get(frame);
        if (!people) continue;
        if (rows === null) this.stale.add(frame);
        else this.frames.set(frame, without(people, message.track_ids));
      }
    for (let i = 0; rows && i < rows.n; i++) {
      const frame = rows.who[2 * i]!;
      if (this.frames.has(frame) && covers(message.frames, frame)) this.insert(frame, pose(rows, i));
    }
  }

  private insert(frame: number, p: Pose): void {
    this.frames.get(frame)!.set(p.track_id, p);
  }

  private range(chunk: number): [number, number] {
    return [chunk * CHUNK, Math.min(this.nFrames, (chunk + 1) * CHUNK)];
  }

  private complete(first: number, stop: number): boolean {
    for (let frame = first; frame < stop; frame++) if (!this.frames.has(frame) || this.stale.has(frame)) return false;
    return true;
  }

  private forgetOld(here: number): void {
    for (const chunk of this.recent.keys()) {
      if (this.recent.size <= KEEP) return;
      if (Math.abs(chunk - here) <= 1) continue;
      this.recent.delete(chunk);
      const [first, stop] = this.range(chunk);
      for (let frame = first; frame < stop; frame++) this.frames.delete(frame);
    }
  }
}

function without(people: Map<number, Pose>, track_ids: readonly number[]): Map<number, Pose> {
  const out = new Map(people);
  for (const id of track_ids) out.delete(id);
  return out;
}

function covers(spans: readonly Span[], frame: number): boolean {
  return spans.some(([a, b]) => a <= frame && frame <= b);
}

function pose(rows: PoseRows, i: number): Pose {
  const { K } = rows;
  return {
    track_id: rows.who[2 * i + 1]!,
    xy: rows.xy.subarray(2 * K * i, 2 * K * (i + 1)),
    score: rows.score.subarray(K * i, K * (i + 1)),
    flags: rows.flags.subarray(K * i, K * (i + 1)),
    box: rows.box.subarray(4 * i, 4 * (i + 1)),
    marks: rows.marks[i]!,
  };
}

/** Whether keypoint k has a place. */
export function placed(p: Pose, k: number): boolean {
  return visibilityOf(p.flags[k]!) > 0 && Number.isFinite(p.xy[2 * k]!);
}

/** The rectangle [x, y, w, h] about a person: their box, else about their keypoints; null if neither is known. */
export function bounds(p: Pose): [number, number, number, number] | null {
  if (p.box.every(Number.isFinite)) return [p.box[0]!, p.box[1]!, p.box[2]!, p.box[3]!];
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < p.flags.length; k++) {
    if (!placed(p, k)) continue;
    x0 = Math.min(x0, p.xy[2 * k]!);
    y0 = Math.min(y0, p.xy[2 * k + 1]!);
    x1 = Math.max(x1, p.xy[2 * k]!);
    y1 = Math.max(y1, p.xy[2 * k + 1]!);
  }
  return x0 <= x1 ? [x0, y0, x1 - x0, y1 - y0] : null;
}
