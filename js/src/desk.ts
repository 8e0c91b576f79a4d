/** What reviewers and guidelines say of the frame on the screen, how far the review is, and the meters. */

import { effect, type Signal, signal, untracked } from "@preact/signals-core";
import type { Editor } from "./editor";
import type { Edits, Guide, Judged, Meters, Remark, Reviewed, Verdict } from "./protocol";

const REST = 250; // ms on a frame, or after a change, before anything is asked

/** Whom a verdict is about. */
export type Whom = "person" | "frame" | "track";

export class Desk {
  readonly guide: Signal<Guide | null> = signal<Guide | null>(null);
  readonly judged: Signal<Judged | null> = signal<Judged | null>(null);
  readonly progress: Signal<Reviewed | null> = signal<Reviewed | null>(null);
  readonly meters: Signal<Meters["values"] | null> = signal<Meters["values"] | null>(null);
  readonly whom: Signal<Whom> = signal<Whom>("person");
  readonly words: Signal<string> = signal("");
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stop: () => void;

  constructor(private readonly editor: Editor) {
    this.stop = effect(() => {
      const { nav, store, tab } = editor;
      const wanted = nav.playing.value === null && nav.shown.value !== null && store.bridge.link.value === "ready";
      store.state.value?.revision;
      tab.value;
      clearTimeout(this.timer);
      if (wanted) this.timer = setTimeout(() => untracked(() => void this.fetch()), REST);
    });
  }

  close(): void {
    clearTimeout(this.timer);
    this.stop();
  }

  /** What the guidelines and a reviewer say of somebody in the frame on the screen. */
  verdictOf(track_id: number | null): Verdict | undefined {
    const judged = this.judged.value;
    return judged?.frame === this.editor.nav.shown.value
      ? judged.people.find((p) => p.track_id === track_id)
      : undefined;
  }

  // -- what the kernel says ----------------------------------------------------------------------------------------

  private async fetch(): Promise<void> {
    const { nav, store, tab } = this.editor;
    const frame = nav.shown.value;
    if (frame === null) return;
    const { bridge } = store;
    try {
      [this.judged.value] = await bridge.request({ kind: "judged", frame, blur: false });
      if (tab.value === "guide") {
        this.read((await bridge.request({ kind: "guide" }))[0]);
        // Looking at images takes a while; meanwhile what is known without them is shown.
        if (nav.shown.value === frame)
          [this.judged.value] = await bridge.request({ kind: "judged", frame, blur: true });
      }
      if (tab.value !== "review") return;
      [this.progress.value] = await bridge.request(this.place());
      [{ values: this.meters.value }] = await bridge.request({ kind: "meters" });
    } catch {
      // Asked again after the next change or step.
    }
  }

  private read(guide: Guide): void {
    if (guide.digest !== this.guide.value?.digest) this.guide.value = guide;
  }

  private place() {
    const { nav, selected } = this.editor;
    return { kind: "review", frame: nav.frame.value, track_id: selected.value } as const;
  }

  // -- what a reviewer says ----------------------------------------------------------------------------------------

  /** It is right, or wrong; then on to the next. */
  async say(verdict: "accepted" | "rejected"): Promise<void> {
    const comment = this.words.value.trim();
    if (!(await this.mark(verdict, comment))) return;
    if (comment) this.words.value = "";
    await this.next();
  }

  /** Take a verdict back. */
  async forget(): Promise<void> {
    await this.mark("open", "");
  }

  async comment(): Promise<void> {
    const comment = this.words.value.trim();
    if (!comment) return this.editor.store.say("info", "Write a few words first.");
    if (await this.mark("comment", comment)) this.words.value = "";
  }

  private async mark(verdict: Edits["review"]["verdict"], comment: string): Promise<boolean> {
    const { edits, nav, selected, store } = this.editor;
    if (!edits.allowed()) return false;
    const whom = this.whom.value;
    if (whom !== "frame" && selected.value === null) {
      this.editor.needPerson();
      return false;
    }
    edits.flush();
    const frame = whom === "track" ? null : nav.shown.value;
    const track_id = whom === "frame" ? null : selected.value;
    const n = await store.edit("review", { frame, track_id, verdict, comment, frame_end: null });
    if (n === undefined) return false;
    const what = { accepted: "right", rejected: "wrong", open: "open again", comment: "commented" }[verdict];
    const where = whom === "frame" ? `Frame ${frame}` : `Person ${track_id}`;
    store.say("info", typeof n === "number" && n > 1 ? `${where}: ${what}, ${n} poses.` : `${where}: ${what}.`);
    return true;
  }

  /** To the next person in a frame that nobody has said anything about. */
  async next(): Promise<void> {
    const { store, nav } = this.editor;
    try {
      const [answer] = await store.bridge.request(this.place());
      this.progress.value = answer;
      if (!answer.next) return store.say("info", "Everybody was looked at.");
      const [frame, track_id] = answer.next;
      nav.goTo(frame);
      this.editor.select(track_id);
      this.editor.reveal();
    } catch (error) {
      store.say("error", (error as Error).message);
    }
  }

  look({ frame, track_id }: Remark): void {
    this.editor.nav.goTo(frame);
    this.editor.select(track_id);
  }
}

/** "9 visible, 8 needed", or why somebody does not meet the guidelines; after blur only what can be told apart counts. */
export function judgement({ n_visible, needed, meets, reason, truncated, blurred }: Verdict): string {
  const sharp = n_visible - blurred.length;
  const words = [meets ? `${n_visible} visible, ${needed} needed` : reason];
  if (meets && sharp < needed) words[0] = `too blurred: ${sharp} of ${needed} can be told apart`;
  if (truncated) words.push("at the border");
  if (blurred.length > 0) words.push(`blurred: ${blurred.map((name) => name.replaceAll("_", " ")).join(", ")}`);
  return words.join(" · ");
}
