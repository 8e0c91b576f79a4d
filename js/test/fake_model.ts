/** anywidget's model without a page, and a kernel whose answers a test gives by hand. */

import type { AnyModel } from "../src/bridge";
import { encodePoses } from "../src/codec";
import type { Message, Person, Request, State } from "../src/protocol";
import { type Row, rowsOf, SKELETON } from "./setup";

type Sent = Request & { rid: number; client: string };

export class FakeModel implements AnyModel {
  readonly sent: Sent[] = [];
  dead = false;
  private readonly listeners = new Map<string, Set<(...args: never[]) => void>>();

  get(name: string): unknown {
    return name === "_static_id" ? "abc" : undefined;
  }
  on(event: string, callback: (...args: never[]) => void): void {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)!.add(callback);
  }
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void {
    if (event && callback) this.listeners.get(event)?.delete(callback);
  }
  send(content: unknown): void {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(structuredClone(content) as Sent);
  }
  fire(event: string, ...args: unknown[]): void {
    for (const f of [...(this.listeners.get(event) ?? [])]) (f as (...a: unknown[]) => void)(...args);
  }
  get listening(): number {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  receive(content: unknown, buffers: readonly DataView[] = []): void {
    this.fire("msg:custom", content, buffers);
  }
  last(kind: Request["kind"]): Sent {
    return this.sent.findLast((m) => m.kind === kind)!;
  }
  count(kind: Request["kind"]): number {
    return this.sent.filter((m) => m.kind === kind).length;
  }
  /** Answer the last request of a kind. */
  answer(kind: Request["kind"], content: Record<string, unknown>, buffers: readonly DataView[] = []): void {
    const { rid, client } = this.last(kind);
    this.receive({ rid, client, ...content } as unknown as Message, buffers);
  }
  welcome(state: Partial<State> = {}, n_frames = 40): void {
    this.answer(
      "hello",
      {
        kind: "welcome",
        version: 1,
        video: { name: "a.mp4", width: 200, height: 100, fps: 10, n_frames, notes: [] },
        skeleton: SKELETON,
        state: stateOf(state),
        jobs: [],
        options: { auto_propagate: true },
      },
      [new DataView(Float64Array.from({ length: n_frames }, (_, i) => i / 10).buffer)],
    );
  }
  poses(revision: number, rows: readonly Row[]): void {
    const { first, stop } = this.last("poses") as { first: number; stop: number } & Sent;
    const table = rowsOf(rows);
    this.answer("poses", { kind: "poses", first, stop, revision, n: table.n }, encodePoses(table));
  }
  changed(revision: number, frames: [number, number][], track_ids: number[], rows: readonly Row[] | null): void {
    const table = rowsOf(rows ?? []);
    this.receive(
      {
        kind: "changed",
        revision,
        action: "correct",
        frames,
        track_ids,
        state: stateOf({ revision }),
        n: rows && table.n,
      },
      rows ? encodePoses(table) : [],
    );
  }
}

export const personOf = (track_id: number, rest: Partial<Person> = {}): Person => ({
  track_id,
  colour: "#46afff",
  first: 0,
  last: 39,
  n_frames: 40,
  n_anchors: 0,
  anchors: [],
  pending: [],
  ...rest,
});

export const stateOf = (rest: Partial<State> = {}): State => ({
  revision: 1,
  people: [personOf(1), personOf(2)],
  all: true,
  gone: [],
  found: [[0, 39]],
  undo: null,
  redo: null,
  next_track_id: 3,
  read_only: false,
  store: "a.mp4.impose",
  clicks: 0,
  active_seconds: 0,
  ...rest,
});

/** Let promises run. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};
