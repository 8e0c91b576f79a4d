/** Where one view is in the video, and how it gets elsewhere: steps, jumps, playing. */

import { type Signal, signal } from "@preact/signals-core";
import { advance, type Playing } from "./playback";
import { type Cursor, moved } from "./prefetch";
import type { Store } from "./store";

export const SPEEDS: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 4];
const HELD = 30; // repeats of a held key, about a second, after which it goes faster
const REST = 150; // ms without a step after which a view is at rest

export class Navigation {
  readonly frame: Signal<number> = signal(0);
  /** The frame whose picture is on the screen; what is drawn and edited is always this one. */
  readonly shown: Signal<number | null> = signal<number | null>(null);
  readonly playing: Signal<Playing | null> = signal<Playing | null>(null);
  readonly speed: Signal<number> = signal(1);
  /** Called before another frame is shown. */
  onLeaving: () => void = () => {};
  private cursor: Cursor = { frame: 0, direction: 1, rate: 0, jumping: false };
  private movedAt = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly store: Store) {}

  close(): void {
    clearTimeout(this.resting);
    this.store.leave(this);
  }

  private get last(): number {
    return (this.store.clip.value?.video.n_frames ?? 1) - 1;
  }

  /** Go to a frame; its picture is shown as soon as it is there. */
  goTo(frame: number, by: "hand" | "clock" = "hand"): void {
    if (!this.store.clip.value || Number.isNaN(frame)) return;
    const to = Math.min(this.last, Math.max(0, Math.round(frame)));
    if (by === "hand") this.playing.value = null;
    if (to !== this.frame.value) this.onLeaving();
    const now = performance.now();
    this.cursor = moved(this.cursor, to, now, this.movedAt);
    this.movedAt = now;
    this.frame.value = to;
    this.follow();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.cursor = { ...this.cursor, rate: 0, jumping: false };
      this.follow();
    }, REST);
  }

  /** `repeats`: how often the key that is held has repeated; the longer, the longer the steps. */
  step(by: number, repeats = 0): void {
    this.goTo(this.frame.value + by * (repeats < HELD ? 1 : repeats < 3 * HELD ? 2 : 4));
  }

  pause(): void {
    this.playing.value = null;
  }

  togglePlay(): void {
    if (this.playing.value) return this.pause();
    if (this.frame.value >= this.last) this.goTo(0);
    this.playing.value = { frame: this.frame.value, since: performance.now() };
  }

  /** Play slower or faster. */
  changeSpeed(way: 1 | -1): void {
    const at = SPEEDS.indexOf(this.speed.value);
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + way))]!);
  }

  setSpeed(speed: number): void {
    this.speed.value = speed;
    if (this.playing.value) this.playing.value = { frame: this.frame.value, since: performance.now() };
    this.store.say("info", `Playing at ${speed} × real speed.`);
  }

  /** Called once a screen refresh: goes on playing, and shows the wanted picture once it is there. */
  tick(now: number): void {
    const clip = this.store.clip.value;
    const { frames } = this.store;
    if (!clip || !frames) return;
    const playing = this.playing.value;
    if (playing) {
      const next = advance(
        playing,
        this.frame.value,
        now,
        clip.times,
        (frame) => frames.ready(frame),
        this.speed.value,
      );
      this.playing.value = next?.playing ?? null;
      if (next && next.frame !== this.frame.value) this.goTo(next.frame, "clock");
    }
    if (this.shown.value !== this.frame.value && frames.ready(this.frame.value)) this.shown.value = this.frame.value;
  }

  /** To the next frame with an anchor, of one person or of anybody. */
  anchorBeside(direction: 1 | -1, track_id: number | null): void {
    const here = this.frame.value;
    const frames = (this.store.state.value?.people ?? [])
      .filter((p) => track_id === null || p.track_id === track_id)
      .flatMap((p) => p.anchors)
      .filter((frame) => (frame - here) * direction > 0);
    if (frames.length === 0) this.store.say("info", `No anchor ${direction > 0 ? "after" : "before"} this frame.`);
    else this.goTo(direction > 0 ? Math.min(...frames) : Math.max(...frames));
  }

  /** Tell the stores what is on the screen and where it is heading. */
  private follow(): void {
    this.store.frames?.follow(this, this.cursor);
    this.store.show(this, this.frame.value);
  }
}
