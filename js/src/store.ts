/** What one model knows, shared by its views: the kernel's state, the window of poses, drafts, jobs, and words for the user. */

import { batch, computed, type Signal, signal } from "@preact/signals-core";
import { type AnyModel, Bridge, type Buffers, KernelError } from "./bridge";
import { decodePoses, type PoseRows } from "./codec";
import { applyDrafts, type Draft } from "./drafts";
import { recoloured } from "./draw/palettes";
import { FrameStore } from "./frames";
import { type FramePoses, PoseWindow } from "./poses";
import { Preferences } from "./preferences";
import {
  type Action,
  type Broadcast,
  type Changed,
  type Direction,
  type Edits,
  type Issue,
  type Job,
  type Options,
  type Person,
  type Skeleton,
  type Span,
  type State,
  VERSION,
  type Video,
  type Welcome,
} from "./protocol";
import { merged } from "./summary";

const GLOW = 4000; // ms
const ISSUES = 500; // the worst ones that a timeline shows
const RETRY = 1000; // ms, for poses that could not be had

export interface Clip {
  video: Video;
  skeleton: Skeleton;
  times: Float64Array;
}
export interface Notice {
  level: "info" | "error";
  text: string;
}
interface Sent {
  draft: Draft;
  until: number; // revision at which the kernel's word includes it; Infinity: not answered yet
}

export interface PropagateOrder {
  frame: number | null;
  direction: Direction;
  stop?: number | Span | null;
  tracks?: number[] | "all" | null;
  keypoints?: string[] | null;
}

export class Store {
  readonly bridge: Bridge;
  readonly clip: Signal<Clip | null> = signal<Clip | null>(null);
  readonly preferences = new Preferences();
  /** The same with the colours that the kernel gave. */
  readonly known: Signal<State | null> = signal<State | null>(null);
  private readonly palette = computed(() => this.preferences.wishes.value.palette);
  /** The kernel's summary, people in the colours that were chosen. */
  readonly state = computed(() => recoloured(this.known.value, this.palette.value));
  readonly options: Signal<Options> = signal<Options>({ auto_propagate: true });
  readonly jobs: Signal<ReadonlyMap<number, Job>> = signal<ReadonlyMap<number, Job>>(new Map());
  readonly notice: Signal<Notice | null> = signal<Notice | null>(null);
  /** Why the kernel does not talk to this page at all. */
  readonly refused: Signal<string | null> = signal<string | null>(null);
  readonly saving: Signal<number> = signal(0);
  /** Changes whenever poses on screen may have changed. */
  readonly poseVersion: Signal<number> = signal(0);
  /** Changes whenever a picture has come that a view waits for. */
  readonly pictureVersion: Signal<number> = signal(0);
  /** The place that Python asked the views to show last. */
  readonly asked: Signal<{ frame: number; track_id: number | null } | null> = signal<{
    frame: number;
    track_id: number | null;
  } | null>(null);
  /** Frames that changed a moment ago because a correction was carried there. */
  readonly carried: Signal<readonly Span[]> = signal<readonly Span[]>([]);
  /** The worst open issues; empty until a timeline wants them. */
  readonly issues: Signal<readonly Issue[]> = signal<readonly Issue[]>([]);
  readonly openIssues: Signal<number | null> = signal<number | null>(null);
  readonly carrying = computed(() => [...this.jobs.value.values()].some((job) => job.what !== "initialize"));
  readonly readOnly = computed(() => this.state.value?.read_only ?? true);
  readonly canEdit = computed(() => this.bridge.link.value === "ready" && !this.readOnly.value);
  frames: FrameStore | null = null;
  private poses: PoseWindow | null = null;
  private drafts: Sent[] = [];
  private revision = 0;
  private stopping = false; // a stop was asked for here
  private ordered = false; // a propagation was asked for here
  private retrying: ReturnType<typeof setTimeout> | undefined;
  private fading: ReturnType<typeof setTimeout> | undefined;
  private readonly shown = new Map<object, number>();

  constructor(model: AnyModel) {
    this.bridge = new Bridge(
      model,
      (message, buffers) => batch(() => this.heard(message, buffers)),
      (text) => this.say("error", text),
      () => this.hello(),
    );
    this.hello();
  }

  close(): void {
    clearTimeout(this.fading);
    clearTimeout(this.retrying);
    this.bridge.close();
    this.preferences.close();
    this.frames?.close();
  }

  say(level: Notice["level"], text: string): void {
    this.notice.value = { level, text };
  }

  person(track_id: number | null): Person | undefined {
    return this.state.value?.people.find((p) => p.track_id === track_id);
  }

  // -- poses -------------------------------------------------------------------------------------------------------

  /** The people of a frame as they are to be drawn; undefined while they are not known. */
  peopleAt(frame: number): FramePoses | undefined {
    const people = this.poses?.at(frame);
    return (
      people &&
      applyDrafts(
        people,
        this.drafts.map((d) => d.draft),
        frame,
      )
    );
  }

  /** A view shows this frame: what it needs is fetched. */
  show(view: object, frame: number): void {
    this.shown.set(view, frame);
    if (this.bridge.link.value !== "ready" || !this.poses) return;
    for (const [first, stop] of this.poses.want(frame)) this.fetchPoses(first, stop);
  }

  leave(view: object): void {
    this.shown.delete(view);
    this.frames?.leave(view);
  }

  private fetchPoses(first: number, stop: number): void {
    const { poses } = this;
    this.bridge.request({ kind: "poses", first, stop }).then(
      ([answer, buffers]) => {
        if (poses !== this.poses || !poses) return;
        poses.fill(answer.first, answer.stop, answer.revision, decodePoses(buffers, answer.n, poses.K));
        this.poseVersion.value++;
        this.refetch();
      },
      (error: Error) => {
        poses?.failed(first);
        const code = error instanceof KernelError ? error.code : null;
        if (code === "gone") return;
        if (code !== "busy") this.say("error", error.message);
        clearTimeout(this.retrying);
        this.retrying = setTimeout(() => this.refetch(), RETRY);
      },
    );
  }

  private refetch(): void {
    for (const [view, frame] of this.shown) this.show(view, frame);
  }

  // -- what the user does ------------------------------------------------------------------------------------------

  /** One edit; with a draft it is drawn at once. Resolves to the kernel's result, or undefined if it was refused. */
  async edit<A extends Action>(action: A, args: Edits[A], draft: Draft | null = null): Promise<unknown> {
    const sent: Sent | null = draft && { draft, until: Infinity };
    if (sent) this.drafts.push(sent);
    this.saving.value++;
    if (draft) this.poseVersion.value++;
    try {
      const [done] = await this.bridge.request({ kind: "edit", action, args, base: this.revision });
      if (sent) sent.until = done.revision;
      this.bridge.changed(done.revision);
      return done.result;
    } catch (error) {
      if (sent) sent.until = -1;
      this.say("error", (error as Error).message);
      if ((error as KernelError).code === "stale") this.hello();
      return undefined;
    } finally {
      batch(() => {
        this.saving.value--;
        this.forgetDrafts();
      });
    }
  }

  propagate(order: PropagateOrder): Promise<void> {
    this.ordered = true;
    return this.attempt(
      this.bridge.request({ kind: "propagate", stop: null, tracks: null, keypoints: null, ...order }),
    );
  }

  findPeople(): Promise<void> {
    return this.attempt(this.bridge.request({ kind: "initialize" }));
  }

  cancel(job: number | null = null): Promise<void> {
    this.stopping = true;
    return this.attempt(this.bridge.request({ kind: "cancel", job }));
  }

  setAutoPropagate(value: boolean): Promise<void> {
    this.options.value = { ...this.options.value, auto_propagate: value };
    return this.attempt(this.bridge.request({ kind: "option", name: "auto_propagate", value }));
  }

  /** The next issue after one (null: the first); undefined if the kernel could not say. */
  async nextIssue(after: Issue["issue"] | null): Promise<Issue | null | undefined> {
    try {
      const [answer] = await this.bridge.request({ kind: "issue", after });
      this.openIssues.value = answer.n_open;
      return answer.issue;
    } catch (error) {
      this.say("error", (error as Error).message);
      return undefined;
    }
  }

  /** Ask for the open issues, unless an answer is on its way already. */
  fetchIssues(): void {
    if (this.bridge.waiting("issues") > 0) return;
    this.bridge.request({ kind: "issues", limit: ISSUES }).then(
      ([answer]) =>
        batch(() => {
          this.issues.value = answer.issues;
          this.openIssues.value = answer.n_open;
        }),
      () => {}, // asked again after the next change
    );
  }

  private async attempt(request: Promise<unknown>): Promise<void> {
    try {
      await request;
    } catch (error) {
      this.say("error", (error as Error).message);
    }
  }

  // -- what the kernel says ----------------------------------------------------------------------------------------

  private hello(): void {
    this.bridge.request({ kind: "hello", version: VERSION }).then(
      ([welcome, buffers]) => batch(() => this.welcome(welcome, buffers)),
      (error: KernelError) => {
        if (error.code !== "gone") this.refused.value = error.message;
      },
    );
  }

  private welcome(message: Welcome, buffers: Buffers): void {
    const { video, skeleton } = message;
    const times = buffers[0];
    const known = this.clip.value?.video;
    const same = known?.name === video.name && known.n_frames === video.n_frames;
    if (!same || !this.frames) {
      this.frames?.close();
      this.frames = FrameStore.of(this.bridge, video);
      this.frames.onReady = (frame) => {
        if ([...this.shown.values()].includes(frame)) this.pictureVersion.value++;
      };
    }
    this.poses = new PoseWindow(video.n_frames, skeleton.keypoints.length);
    this.drafts = [];
    this.revision = message.state.revision;
    this.refused.value = null;
    this.clip.value = { video, skeleton, times: readTimes(times, video) };
    this.known.value = merged(null, message.state);
    this.options.value = message.options;
    this.jobs.value = new Map(message.jobs.map((job) => [job.job, job]));
    this.poseVersion.value++;
    this.frames.restart();
    this.refetch();
  }

  private heard(message: Broadcast, buffers: Buffers): void {
    switch (message.kind) {
      case "changed": {
        if (!this.poses) return;
        this.poses.change(message, this.rowsOf(message, buffers));
        this.revision = Math.max(this.revision, message.revision);
        this.known.value = merged(this.known.value, message.state);
        if (message.action === "propagate") this.glow(message.frames);
        this.forgetDrafts();
        this.poseVersion.value++;
        this.refetch();
        return;
      }
      case "progress":
        this.setJob(message.job, { ...message });
        return;
      case "finished":
        this.setJob(message.job, null);
        this.sayFinished(message);
        this.bridge.changed(this.revision);
        return;
      case "failed":
        this.setJob(message.job, null);
        this.say("error", message.message);
        return;
      case "options":
        this.options.value = { auto_propagate: message.auto_propagate };
        return;
      case "go":
        this.asked.value = { frame: message.frame, track_id: message.track_id };
    }
  }

  /** What a change brings along; null if it brings nothing, or nothing that can be read: then it is fetched. */
  private rowsOf(message: Changed, buffers: Buffers): PoseRows | null {
    try {
      return message.n === null ? null : decodePoses(buffers, message.n, this.poses!.K);
    } catch (error) {
      this.say("error", (error as Error).message);
      return null;
    }
  }

  /** A run that gave way to the next one is not worth a word; one that was stopped by hand is. */
  private sayFinished(job: Extract<Broadcast, { kind: "finished" }>): void {
    const cancelled = job.stopped === "cancelled";
    // After each edit the kernel looks by itself whether there is something to carry; that there is not is no news.
    const news = job.frames > 0 || job.stopped !== "" || job.what === "initialize" || this.ordered;
    if (news && (!cancelled || this.stopping)) this.say("info", wordsOfFinished(job));
    if (!cancelled && job.what !== "initialize") this.ordered = false;
    if (cancelled) this.stopping = false;
  }

  /** Show for a while where something was carried to. */
  private glow(frames: readonly Span[]): void {
    this.carried.value = [...this.carried.value, ...frames].slice(-500);
    clearTimeout(this.fading);
    this.fading = setTimeout(() => {
      this.carried.value = [];
    }, GLOW);
  }

  private setJob(id: number, job: Job | null): void {
    const jobs = new Map(this.jobs.value);
    if (job) jobs.set(id, job);
    else jobs.delete(id);
    this.jobs.value = jobs;
  }

  /** A draft goes when the kernel's poses include it, or when it was refused. */
  private forgetDrafts(): void {
    const before = this.drafts.length;
    this.drafts = this.drafts.filter((d) => d.until > this.revision);
    if (this.drafts.length !== before) this.poseVersion.value++;
  }
}

function readTimes(buffer: DataView | undefined, video: Video): Float64Array {
  const bytes = buffer?.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  if (bytes?.byteLength === 8 * video.n_frames) return new Float64Array(bytes as ArrayBuffer);
  return Float64Array.from({ length: video.n_frames }, (_, i) => i / (video.fps || 25));
}

function wordsOfFinished(job: Extract<Broadcast, { kind: "finished" }>): string {
  const stopped = job.stopped === "cancelled" ? "Stopped; what was done stays." : "";
  if (job.what === "initialize") return stopped || "Everyone was looked for.";
  const n = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const carried = `${n(job.keypoints, "keypoint")} in ${n(job.frames, "frame")} changed.`;
  const why = stopped || (job.stopped ? `Stopped: ${job.stopped}.` : "");
  if (job.frames === 0) return why || "Nothing to propagate.";
  return `${carried} ${why}`.trim();
}
