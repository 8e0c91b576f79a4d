/**
 * Pictures of frames: JPEG bytes and decoded bitmaps, each in a cache of its own, fetched ahead of where views go.
 *
 * Chunks of a few frames, a few requests in flight, the newest wish first. A frame on screen may overtake: it gets one
 * request more than prefetching may have.
 */

import type { Bridge } from "./bridge";
import { bytesOf } from "./codec";
import { CHUNK, type Cursor, chooseSize, IN_FLIGHT, LinkMeter, Lru, wanted } from "./prefetch";
import type { Size } from "./protocol";

const JPEG_BYTES = 256 << 20;
const BITMAPS = 24;
const PREVIEW_SIDE = 640;
const DECODE_AHEAD = 6;
const TRY_AGAIN = 1000; // ms, for frames that could not be had

export interface Picture {
  frame: number;
  size: Size;
  bitmap: ImageBitmap;
}

export class FrameStore {
  /** Called when a picture has become available. */
  onReady: (frame: number) => void = () => {};
  private readonly jpegs: Record<Size, Lru<ArrayBuffer>>;
  private readonly bitmaps: Lru<Picture>;
  private readonly asked = new Map<number, Size>();
  private readonly decoding = new Set<number>();
  private readonly broken = new Map<number, number>(); // frame -> when to try again
  private readonly cursors = new Map<object, Cursor>();
  private inFlight = 0;
  private readonly meter = new LinkMeter();
  private epoch = 0;

  constructor(
    private readonly bridge: Bridge,
    private readonly nFrames: number,
    private readonly previewHelps: boolean,
  ) {
    const weigh = (b: ArrayBuffer) => b.byteLength;
    this.jpegs = { full: new Lru(JPEG_BYTES, weigh), preview: new Lru(JPEG_BYTES >> 3, weigh) };
    this.bitmaps = new Lru(
      BITMAPS,
      () => 1,
      (p) => p.bitmap.close(),
    );
  }

  static of(bridge: Bridge, video: { n_frames: number; width: number; height: number }): FrameStore {
    return new FrameStore(bridge, video.n_frames, Math.max(video.width, video.height) > PREVIEW_SIDE);
  }

  /** A view is there now; what it shows and will show is fetched. */
  follow(view: object, cursor: Cursor): void {
    this.cursors.set(view, cursor);
    this.decodeAround(cursor);
    this.pump();
  }

  /** A view is gone. */
  leave(view: object): void {
    this.cursors.delete(view);
  }

  /** The best picture of a frame that can be drawn now; a full one is made ready if it is not. */
  picture(frame: number): Picture | undefined {
    const held = this.bitmaps.get(frame);
    if (held?.size !== "full") this.decode(frame);
    return held;
  }

  /** Whether a frame can be drawn at once. */
  ready(frame: number): boolean {
    return this.bitmaps.has(frame);
  }

  /** What was asked for will not come: ask again. */
  restart(): void {
    this.epoch++;
    this.asked.clear();
    this.broken.clear();
    this.inFlight = 0;
    this.pump();
  }

  close(): void {
    this.epoch++;
    this.cursors.clear();
    this.bitmaps.clear();
    this.jpegs.full.clear();
    this.jpegs.preview.clear();
  }

  private size(): Size {
    const sizes = [...this.cursors.values()].map((c) => chooseSize(c, this.meter.speed, this.previewHelps));
    return sizes.includes("preview") ? "preview" : "full";
  }

  private missing(frame: number, size: Size): boolean {
    if (this.jpegs.full.has(frame) || this.asked.has(frame)) return false;
    if (size === "preview" && this.jpegs.preview.has(frame)) return false;
    return (this.broken.get(frame) ?? 0) <= performance.now();
  }

  private pump(): void {
    if (this.cursors.size === 0 || this.bridge.link.value !== "ready") return;
    const size = this.size();
    const list = wanted([...this.cursors.values()], this.nFrames).filter((frame) => this.missing(frame, size));
    const onScreen = new Set([...this.cursors.values()].map((c) => c.frame));
    const urgent = list.filter((frame) => onScreen.has(frame));
    if (urgent.length > 0 && this.inFlight <= IN_FLIGHT) {
      this.ask([...urgent, ...list.filter((f) => !onScreen.has(f)).slice(0, 1)], size);
      list.splice(0, urgent.length + 1);
    }
    while (list.length > 0 && this.inFlight < IN_FLIGHT) this.ask(list.splice(0, CHUNK), size);
  }

  private ask(want: number[], size: Size): void {
    const { epoch } = this;
    for (const frame of want) this.asked.set(frame, size);
    this.inFlight++;
    const since = performance.now();
    this.bridge.request({ kind: "frames", want, size }).then(
      ([answer, buffers]) => {
        if (epoch !== this.epoch) return;
        this.meter.took(since, performance.now(), buffers, size);
        answer.frames.forEach((frame, i) => {
          const jpeg = buffers[i];
          if (jpeg) this.jpegs[answer.size].set(frame, bytesOf(jpeg));
        });
        this.settle(want, new Set(answer.frames));
      },
      () => {
        if (epoch === this.epoch) this.settle(want, new Set());
      },
    );
  }

  /** Those that came can be decoded. Of an answer that was cut short the rest is asked for at once; of none, later. */
  private settle(want: readonly number[], came: ReadonlySet<number>): void {
    this.inFlight--;
    for (const frame of want) {
      this.asked.delete(frame);
      if (came.has(frame)) this.broken.delete(frame);
      else if (came.size === 0) this.broken.set(frame, performance.now() + TRY_AGAIN);
    }
    if (came.size === 0) setTimeout(() => this.pump(), TRY_AGAIN + 10);
    for (const cursor of this.cursors.values()) this.decodeAround(cursor);
    this.pump();
  }

  private decodeAround(cursor: Cursor): void {
    for (let k = 0; k <= DECODE_AHEAD; k++) this.decode(cursor.frame + k * cursor.direction);
    this.decode(cursor.frame - cursor.direction);
  }

  private decode(frame: number): void {
    const held = this.bitmaps.has(frame) ? this.bitmaps.get(frame)!.size : null;
    const size: Size = this.jpegs.full.has(frame) ? "full" : "preview";
    if (held === "full" || held === size || this.decoding.has(frame)) return;
    const jpeg = this.jpegs[size].get(frame);
    if (!jpeg) return;
    const { epoch } = this;
    this.decoding.add(frame);
    createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }))
      .then((bitmap) => {
        if (epoch !== this.epoch) return bitmap.close();
        this.bitmaps.set(frame, { frame, size, bitmap });
        this.onReady(frame);
      })
      .catch(() => {
        this.jpegs[size].delete(frame);
        this.broken.set(frame, performance.now() + TRY_AGAIN);
      })
      .finally(() => this.decoding.delete(frame));
  }
}
