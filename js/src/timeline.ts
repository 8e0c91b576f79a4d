/** One view's timeline: what of the video it shows, the range that is selected, and the lanes it has fetched. */

import { batch, type Signal, signal } from "@preact/signals-core";
import { STRIP, worstNear } from "./curve";
import type { Editor } from "./editor";
import { decodeLanes, type LaneTable, type Layout, laneAt, layoutOf, overflow, rowAt, scrolledTo } from "./lanes";
import type { Issue, Span } from "./protocol";
import { frameAt, including, panned, type TimeSpan, whole, xOf, zoomed } from "./timespan";

export const GUTTER = 30; // CSS pixels at the left, for people's numbers
export const HEAD = 22; // above the lanes, for the ruler and the handle
export const FOOT = 8; // below them, for the bar of the whole video
const SETTLE = 250; // ms without a change after which lanes are asked for anew
const BESIDE = 0.5; // of what is shown, fetched on either side
const REACH = 5; // CSS pixels from the mark of an issue

/** What is under the pointer. */
export interface Pointed {
  frame: number;
  track_id: number | null;
  issue: Issue | null;
  part: "ruler" | "lane" | "number" | "curve" | "bar";
}

export class Timeline {
  readonly time: Signal<TimeSpan> = signal<TimeSpan>(whole(1));
  readonly scroll: Signal<number> = signal(0);
  readonly range: Signal<Span | null> = signal<Span | null>(null);
  readonly pointed: Signal<Pointed | null> = signal<Pointed | null>(null);
  /** The whole video, coarse; and what is shown, fine. */
  readonly overview: Signal<LaneTable | null> = signal<LaneTable | null>(null);
  readonly detail: Signal<LaneTable | null> = signal<LaneTable | null>(null);
  private width = 0; // of the lanes
  private height = 0; // of everything
  private nFrames = 1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting = 0; // answers that are on their way
  private stale = true;

  constructor(private readonly editor: Editor) {}

  private get store() {
    return this.editor.store;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  /** The canvas has a size: from now on there is something to fetch for. */
  resize(width: number, height: number): void {
    this.width = Math.max(1, width - GUTTER);
    this.height = height;
    this.follow();
  }

  /** The video may be another one. */
  follow(): void {
    const n = this.store.clip.value?.video.n_frames ?? 0;
    if (n === 0) return;
    if (n !== this.nFrames)
      batch(() => {
        this.nFrames = n;
        this.time.value = whole(n);
        this.range.value = null;
      });
    this.fetchSoon();
  }

  get layout(): Layout {
    return layoutOf(this.store.state.value?.people.length ?? 0, HEAD, this.height - HEAD - FOOT - this.strip);
  }

  /** The height of the curve, if there is one. */
  get strip(): number {
    return this.editor.curve.what.value === null ? 0 : STRIP;
  }

  // -- moving ------------------------------------------------------------------------------------------------------

  zoom(factor: number, x = GUTTER + this.width / 2): void {
    this.show(zoomed(this.time.value, factor, x - GUTTER, this.width, this.nFrames));
  }

  panPixels(dx: number): void {
    this.show(panned(this.time.value, (-dx / this.width) * this.time.value.span, this.nFrames));
  }

  /** So that a place of the bar of the whole video is in the middle. */
  centre(x: number): void {
    const { first, span } = this.time.value;
    const frame = ((x - GUTTER) / this.width) * this.nFrames;
    this.show(panned(this.time.value, frame - first - span / 2, this.nFrames));
  }

  scrollBy(dy: number): void {
    const n = this.store.state.value?.people.length ?? 0;
    this.scroll.value = Math.min(overflow(n, this.layout), Math.max(0, this.scroll.value + dy));
  }

  /** Keep the frame that is looked at, and the selected person's lane, in view. */
  keep(frame: number, track_id: number | null): void {
    this.show(including(this.time.value, frame, this.nFrames));
    const people = this.store.state.value?.people ?? [];
    const row = people.findIndex((p) => p.track_id === track_id);
    if (row >= 0) this.scroll.value = scrolledTo(row, people.length, this.scroll.value, this.layout);
  }

  private show(time: TimeSpan): void {
    const now = this.time.value;
    if (time.first === now.first && time.span === now.span) return;
    this.time.value = time;
    this.fetchSoon(false);
  }

  // -- the range ---------------------------------------------------------------------------------------------------

  select(a: number, b: number): void {
    this.range.value = [Math.min(a, b), Math.max(a, b)];
  }

  /** One end of the range at the frame that is looked at. */
  mark(end: "first" | "last"): void {
    const here = this.editor.nav.frame.value;
    const [first, last] = this.range.value ?? [here, here];
    this.range.value = end === "first" ? [here, Math.max(here, last)] : [Math.min(here, first), here];
  }

  // -- what is there -----------------------------------------------------------------------------------------------

  frameAt(x: number): number {
    return frameAt(x - GUTTER, this.time.value, this.width, this.nFrames);
  }

  point(x: number, y: number): Pointed {
    const people = this.store.state.value?.people ?? [];
    const row = rowAt(y, people.length, this.scroll.value, this.layout);
    const track_id = row === null ? null : people[row]!.track_id;
    const frame = this.frameAt(x);
    const nowhere = { track_id: null, issue: null };
    if (y >= this.height - FOOT) return { ...nowhere, frame, part: "bar" };
    if (y >= this.height - FOOT - this.strip) return { ...nowhere, frame: this.worstNear(frame), part: "curve" };
    if (row !== null && x < GUTTER) return { frame, track_id, issue: null, part: "number" };
    return { frame, track_id, issue: this.issueNear(x - GUTTER, track_id), part: row === null ? "ruler" : "lane" };
  }

  /** The worst issue of a lane whose mark is in reach. */
  private issueNear(x: number, track_id: number | null): Issue | null {
    if (track_id === null) return null;
    const time = this.time.value;
    const near = (i: Issue) =>
      x >= xOf(i.frame, time, this.width) - REACH && x <= xOf(i.frame_end + 1, time, this.width) + REACH;
    return this.store.issues.value.find((i) => concerns(i, track_id) && near(i)) ?? null;
  }

  /** Where a click on the curve goes. */
  private worstNear(frame: number): number {
    const table = this.editor.curve.table.value;
    return table ? worstNear(table, frame, (REACH * this.time.value.span) / this.width) : frame;
  }

  /** How sure a person is at a frame, as finely as it is known here. */
  at(track_id: number, frame: number): { sure: number; marks: number } | null {
    const { detail, overview } = this;
    for (const table of [detail.value, overview.value])
      if (table && frame >= table.first && frame < table.stop) return laneAt(table, track_id, frame);
    return null;
  }

  // -- fetching ----------------------------------------------------------------------------------------------------

  /** Ask for lanes once things have settled; `changed`: what is held is no longer true. */
  fetchSoon(changed = true): void {
    this.stale ||= changed;
    if (this.width <= 1 || this.height === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), SETTLE);
  }

  private fetch(): void {
    if (this.store.bridge.link.value !== "ready") return;
    if (this.waiting > 0) return this.fetchSoon(false);
    if (this.stale) this.store.fetchIssues();
    if (this.stale || !this.overview.value) this.ask(0, this.nFrames, this.overview);
    const { first, span } = this.time.value;
    if (span >= this.nFrames) this.detail.value = null;
    else if (this.stale || !this.covered()) {
      const [a, b] = [Math.floor(first - BESIDE * span), Math.ceil(first + (1 + BESIDE) * span)];
      this.ask(Math.max(0, a), Math.min(this.nFrames, b), this.detail);
    }
    this.stale = false;
  }

  /** Whether what is held is fine enough for what is shown. */
  private covered(): boolean {
    const held = this.detail.value;
    const { first, span } = this.time.value;
    if (!held || held.first > first || held.stop < Math.min(this.nFrames, first + span)) return false;
    return held.bins === held.stop - held.first || held.stop - held.first < 3 * span;
  }

  private ask(first: number, stop: number, into: Signal<LaneTable | null>): void {
    const bins = Math.min(stop - first, Math.round(this.width * (1 + 2 * BESIDE)), 2048);
    this.waiting++;
    this.store.bridge
      .request({ kind: "lanes", first, stop, bins })
      .then(([answer, buffers]) => {
        into.value = decodeLanes(answer, buffers);
      })
      .catch(() => {
        this.stale = true; // an edit, or the kernel's return, asks again
      })
      .finally(() => {
        this.waiting--;
      });
  }
}

/** Whether an issue is about a person, the second one of a crossing included. */
export const concerns = (issue: Issue, track_id: number): boolean =>
  issue.track_id === track_id || issue.track_id_b === track_id;
