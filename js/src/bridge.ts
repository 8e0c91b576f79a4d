/** The only file that knows anywidget: requests with answers, broadcasts, and whether the kernel is still there. */

import { type Signal, signal } from "@preact/signals-core";
import type { AnswerTo, Broadcast, ErrorCode, Message, Request } from "./protocol";
import { parse } from "./shapes";

/** What we use of anywidget's model. */
export interface AnyModel {
  get(name: string): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void;
  set?(name: string, value: unknown): void;
  save_changes?(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[] | ArrayBufferView[]): unknown;
}

export class KernelError extends Error {
  constructor(
    readonly code: ErrorCode | "gone",
    message: string,
  ) {
    super(message);
    this.name = "KernelError";
  }
}

export type Buffers = readonly DataView[];
export type Link = "connecting" | "ready" | "dead";
type AnswerOf<R extends Request> = [answer: AnswerTo[R["kind"]], buffers: Buffers];

interface Pending {
  kind: Request["kind"];
  since: number;
  resolve: (answer: [Message, Buffers]) => void;
  reject: (error: Error) => void;
}

export const BUSY_AFTER = 500; // ms without an answer
const LOOK_EVERY = 250; // ms
const RETRY = [1000, 2000, 4000, 8000]; // ms between attempts to reach a kernel that does not answer
/** What the timeline asks for by itself: nobody waits for it. */
const UNHURRIED: ReadonlySet<Request["kind"]> = new Set<Request["kind"]>([
  "lanes",
  "issues",
  "judged",
  "review",
  "meters",
  "guide",
]);
const PATIENCE = 2500; // ms for an answer to a ping that was sent because something looked wrong

/** One model's line to the kernel; made once per model, shared by its views. */
export class Bridge {
  readonly client = makeId();
  readonly link: Signal<Link> = signal<Link>("connecting");
  readonly busy: Signal<boolean> = signal(false);
  private rid = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly watch: ReturnType<typeof setInterval>;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  /**
   * @param onBroadcast called for messages that answer nothing, in the order in which they come.
   * @param onProblem called with words for the user, for what belongs to no request.
   * @param sayHello called when a kernel that was gone may be back.
   */
  constructor(
    private readonly model: AnyModel,
    private readonly onBroadcast: (message: Broadcast, buffers: Buffers) => void,
    private readonly onProblem: (words: string) => void,
    private readonly sayHello: () => void,
  ) {
    model.on("msg:custom", this.receive as (...args: never[]) => void);
    model.on("comm:close", this.doubt as (...args: never[]) => void);
    model.on("comm_live_update", this.doubt as (...args: never[]) => void);
    this.watch = setInterval(() => this.look(), LOOK_EVERY);
  }

  /** A trait that Python set when the widget was made. */
  trait(name: string): unknown {
    return this.model.get(name);
  }

  /**
   * Marimo runs cells again that use a widget when a trait of it was changed by the page, and only then: what has
   * changed is told it as a number. Other hosts have nothing to do with it, and are not told.
   */
  changed(revision: number): void {
    if (!globalThis.customElements?.get("marimo-anywidget")) return;
    this.model.set?.("_seen", revision);
    this.model.save_changes?.();
  }

  /** Ask; the promise is rejected with a `KernelError` for an error answer, or when the kernel is gone. */
  request<R extends Request>(content: R): Promise<AnswerOf<R>> {
    const rid = ++this.rid;
    return new Promise<AnswerOf<R>>((resolve, reject) => {
      if (this.closed || (this.link.value === "dead" && content.kind !== "hello"))
        return reject(new KernelError("gone", "The kernel has stopped."));
      this.pending.set(rid, {
        kind: content.kind,
        since: performance.now(),
        resolve: resolve as unknown as Pending["resolve"],
        reject,
      });
      try {
        const sent: unknown = this.model.send({ ...content, rid, client: this.client });
        if (sent instanceof Promise) sent.catch(() => this.unsent(rid));
      } catch {
        this.unsent(rid);
      }
    });
  }

  private unsent(rid: number): void {
    this.pending.get(rid)?.reject(new KernelError("gone", "The kernel has stopped."));
    this.pending.delete(rid);
    this.gone();
  }

  /** Nothing is heard or said any more. */
  close(): void {
    this.closed = true;
    clearInterval(this.watch);
    if (this.retry) clearTimeout(this.retry);
    this.model.off("msg:custom", this.receive as (...args: never[]) => void);
    this.model.off("comm:close", this.doubt as (...args: never[]) => void);
    this.model.off("comm_live_update", this.doubt as (...args: never[]) => void);
    this.drop("This view was closed.");
  }

  /** How many requests of a kind wait for their answer. */
  waiting(kind: Request["kind"]): number {
    return [...this.pending.values()].filter((p) => p.kind === kind).length;
  }

  private readonly receive = (content: unknown, buffers: Buffers = []): void => {
    let message: Message;
    try {
      message = parse(content);
    } catch (error) {
      this.onProblem((error as Error).message);
      return;
    }
    if ("rid" in message) this.answer(message, buffers);
    else this.onBroadcast(message, buffers);
  };

  private answer(message: Extract<Message, { rid: number | null }>, buffers: Buffers): void {
    if (message.client !== this.client) {
      if (message.kind === "error" && message.client === null) this.onProblem(message.message);
      return;
    }
    const pending = message.rid === null ? undefined : this.pending.get(message.rid);
    if (!pending) return;
    this.pending.delete(message.rid!);
    if (message.kind === "error") pending.reject(new KernelError(message.code, message.message));
    else pending.resolve([message, buffers]);
    this.link.value = "ready";
    this.look();
  }

  /** Something was closed: find out whether anybody answers. */
  private readonly doubt = (): void => {
    if (this.closed || this.link.value === "dead") return;
    const timer = setTimeout(() => this.gone(), PATIENCE);
    this.request({ kind: "ping" }).then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
  };

  private look(): void {
    const now = performance.now();
    let oldest = now;
    for (const p of this.pending.values()) if (!UNHURRIED.has(p.kind)) oldest = Math.min(oldest, p.since);
    this.busy.value = now - oldest > BUSY_AFTER;
  }

  private gone(): void {
    if (this.closed || this.link.value === "dead") return;
    this.link.value = "dead";
    this.drop("The kernel has stopped.");
    this.tryAgain(0);
  }

  private drop(words: string): void {
    const all = [...this.pending.values()];
    this.pending.clear();
    for (const p of all) p.reject(new KernelError("gone", words));
    this.look();
  }

  /** A network that was away may come back under the same model; a kernel that was restarted does not. */
  private tryAgain(attempt: number): void {
    if (this.closed || this.link.value !== "dead") return;
    this.retry = setTimeout(
      () => {
        if (this.closed || this.link.value !== "dead") return;
        this.drop("The kernel has stopped.");
        this.sayHello();
        this.tryAgain(attempt + 1);
      },
      RETRY[Math.min(attempt, RETRY.length - 1)],
    );
  }
}

function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}
