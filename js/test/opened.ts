/** An editor without a page, on frames whose pictures and poses are there. */

import { vi } from "vitest";
import { Editor } from "../src/editor";
import type { State } from "../src/protocol";
import { Store } from "../src/store";
import { FakeModel, settle } from "./fake_model";
import type { Row } from "./setup";

/** Two people: the first walks to the right by a pixel a frame and lacks its last keypoint, the second stands. */
export const walking = (frame: number): Row[] => [
  { frame, track_id: 1, xy: [[50 + frame, 50], [30 + frame, 70], null] },
  {
    frame,
    track_id: 2,
    xy: [
      [150, 50],
      [130, 70],
      [170, 70],
    ],
  },
];

export class Opened {
  readonly model = new FakeModel();
  readonly store = new Store(this.model);
  readonly editor = new Editor(this.store);

  /** Fake timers, and a kernel that has welcomed the page. */
  static async make(state: Partial<State> = {}, rows = walking): Promise<Opened> {
    vi.useFakeTimers();
    vi.stubGlobal("createImageBitmap", async () => ({ close: () => {} }));
    const opened = new Opened(rows);
    opened.model.welcome(state);
    await settle();
    opened.editor.viewport.resize({ width: 200, height: 100 }); // one pixel of the screen is one of the image
    await opened.goTo(0);
    return opened;
  }

  private constructor(private readonly rows: (frame: number) => Row[]) {}

  close(): void {
    this.editor.close();
    this.store.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }

  async goTo(frame: number): Promise<void> {
    this.editor.nav.goTo(frame);
    await this.arrive();
  }

  /** Let the kernel send the picture and the poses of where one is going. */
  async arrive(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      for (const m of this.model.sent.filter((s) => s.kind === "frames")) {
        const { want } = m as unknown as { want: number[] };
        const jpegs = want.map(() => new DataView(new ArrayBuffer(1000)));
        this.model.receive({ kind: "frames", rid: m.rid, client: m.client, frames: want, size: "full" }, jpegs);
      }
      await settle();
    }
    if (!this.store.peopleAt(this.editor.nav.frame.value))
      this.model.poses(1, Array.from({ length: 40 }, (_, f) => this.rows(f)).flat());
    await settle();
    this.editor.nav.tick(performance.now());
  }

  pointer(type: "down" | "move" | "up", x: number, y: number, button = 0): void {
    // Half a pixel: integers are at pixel centres.
    const at: [number, number] = [x + 0.5, y + 0.5];
    this.editor.input({ type, id: 1, at, pointerType: "mouse", button, alt: false, space: false });
  }

  click(x: number, y: number, button = 0): void {
    this.pointer("down", x, y, button);
    this.pointer("up", x, y, button);
  }

  edits(): { action: string; args: Record<string, unknown> }[] {
    return this.model.sent.filter((m) => m.kind === "edit") as never;
  }

  said(): string {
    return this.store.notice.value?.text ?? "";
  }
}
