/** Which frames to fetch next, and how large. Pure. */

import type { Size } from "./protocol";

/** Where a view is, and where it is heading. */
export interface Cursor {
  frame: number;
  direction: 1 | -1;
  rate: number; // frames a second it moves at; 0 at rest
  jumping: boolean; // it was moved by more than a few frames at once, as on the scrub bar
}

export const AHEAD = 32;
export const BEHIND = 16;
export const CHUNK = 8;
export const IN_FLIGHT = 3;
const MEMORY = 0.8; // of what was measured before, when something new is measured

/**
 * Frames in the order in which they are wanted: those on screen, then those ahead in the direction of travel, then
 * those behind; several cursors take turns.
 */
export function wanted(cursors: readonly Cursor[], nFrames: number, ahead = AHEAD, behind = BEHIND): number[] {
  const out = new Set<number>();
  const add = (frame: number) => {
    if (frame >= 0 && frame < nFrames) out.add(frame);
  };
  for (const c of cursors) add(c.frame);
  for (let k = 1; k <= ahead; k++) for (const c of cursors) add(c.frame + k * c.direction);
  for (let k = 1; k <= behind; k++) for (const c of cursors) add(c.frame - k * c.direction);
  return [...out];
}

/** The cursor after a step to `frame`, at time `now` (ms), having stood at `before` since `then`. */
export function moved(cursor: Cursor, frame: number, now: number, then: number): Cursor {
  const step = frame - cursor.frame;
  if (step === 0) return cursor;
  const rate = (1000 * Math.abs(step)) / Math.max(1, now - then);
  return {
    frame,
    direction: step > 0 ? 1 : -1,
    rate: now - then > 400 ? 0 : Math.min(rate, 240),
    jumping: Math.abs(step) > 3,
  };
}

/** What is known of the line to the kernel, from frames that came over it. */
export interface LinkSpeed {
  bytesPerSecond: number; // 0: not known yet
  bytesPerFrame: number; // of full size
}

/** Measures the line while something is on its way over it; what is long past counts less and less. */
export class LinkMeter {
  private bytes = 0;
  private ms = 0;
  private perFrame = 0;
  private last = Number.NEGATIVE_INFINITY; // when something came last

  /** An answer to a request that was sent at `since` came at `now` (ms). */
  took(since: number, now: number, buffers: readonly ArrayBufferView[], size: Size): void {
    const bytes = buffers.reduce((sum, b) => sum + b.byteLength, 0);
    if (bytes === 0) return;
    this.bytes = MEMORY * this.bytes + bytes;
    this.ms = MEMORY * this.ms + Math.max(0.1, now - Math.max(since, this.last));
    this.last = now;
    const each = bytes / buffers.length;
    if (size === "full") this.perFrame = this.perFrame === 0 ? each : MEMORY * this.perFrame + (1 - MEMORY) * each;
  }

  get speed(): LinkSpeed {
    return { bytesPerSecond: this.ms === 0 ? 0 : (1000 * this.bytes) / this.ms, bytesPerFrame: this.perFrame };
  }
}

/** Whether to ask for full frames or previews: full at rest; while moving, whatever keeps up. */
export function chooseSize(cursor: Cursor, speed: LinkSpeed, previewHelps: boolean): Size {
  if (!previewHelps || cursor.rate === 0 || speed.bytesPerSecond === 0) return "full";
  if (cursor.jumping) return speed.bytesPerFrame / speed.bytesPerSecond > 0.05 ? "preview" : "full";
  return cursor.rate * speed.bytesPerFrame > 0.8 * speed.bytesPerSecond ? "preview" : "full";
}

/** A map that holds up to `limit` of something (bytes, pieces), and lets go of what was used longest ago. */
export class Lru<V> {
  private readonly map = new Map<number, V>();
  size = 0;

  constructor(
    private readonly limit: number,
    private readonly weigh: (value: V) => number,
    private readonly drop: (value: V) => void = () => {},
  ) {}

  get(key: number): V | undefined {
    const value = this.map.get(key);
    if (value !== undefined) {
      this.map.delete(key);
      this.map.set(key, value);
    }
    return value;
  }

  has(key: number): boolean {
    return this.map.has(key);
  }

  set(key: number, value: V): void {
    this.delete(key);
    this.map.set(key, value);
    this.size += this.weigh(value);
    for (const old of this.map.keys()) {
      if (this.size <= this.limit || old === key) break;
      this.delete(old);
    }
  }

  delete(key: number): void {
    const value = this.map.get(key);
    if (value === undefined) return;
    this.map.delete(key);
    this.size -= this.weigh(value);
    this.drop(value);
  }

  clear(): void {
    for (const key of [...this.map.keys()]) this.delete(key);
  }
}
