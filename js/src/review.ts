/** Issues: doubtful places, one after the other; each zoomed to, with what would mend it where that can be said. */

import { batch, computed, effect, type Signal, signal, untracked } from "@preact/signals-core";
import type { Editor } from "./editor";
import { type Fix, fixOf } from "./fixes";
import { beside, type Ghost, proposed } from "./ghosts";
import { bounds, placed } from "./poses";
import type { Issue } from "./protocol";

type Box = [number, number, number, number];
const CONTEXT = 0.6; // of the person's size that is shown about a keypoint

export class Review {
  readonly issue: Signal<Issue | null> = signal<Issue | null>(null);
  private readonly visited: Issue[] = [];
  private readonly seen = new Set<Issue["issue"]>();
  private decided = false; // the one that is shown was ticked off, so its place in the order is another one
  private readonly aimed = signal<Issue | null>(null); // whom the picture still has to be zoomed to
  private going: Promise<void> = Promise.resolve();
  private readonly stop: () => void;

  constructor(private readonly editor: Editor) {
    this.stop = effect(() => {
      const issue = this.aimed.value;
      if (!issue || editor.nav.shown.value !== issue.frame) return;
      editor.store.poseVersion.value;
      untracked(() => this.zoom(issue));
    });
  }

  close(): void {
    this.stop();
  }

  /** What would mend the place that is on the screen. */
  readonly fix = computed<Fix | null>(() => {
    const issue = this.issue.value;
    const { store, nav } = this.editor;
    const skeleton = store.clip.value?.skeleton;
    store.poseVersion.value;
    if (!issue || !skeleton || nav.shown.value !== issue.frame) return null;
    return fixOf(issue, (frame) => store.peopleAt(frame), skeleton);
  });

  /** Before and after: the pose as it would be; else the person in the frames beside. */
  readonly ghosts = computed<readonly Ghost[]>(() => {
    const issue = this.issue.value;
    const { store, nav, questions, people } = this.editor;
    if (!issue || nav.shown.value !== issue.frame || questions.open.value) return [];
    const fix = this.fix.value;
    if (fix?.what === "edit" && fix.pose) return [proposed(fix.pose, people.value.get(issue.track_id) ?? null)];
    const [before, after] = [issue.frame - 1, issue.frame_end + 1].map((f) => store.peopleAt(f)?.get(issue.track_id));
    return beside(before, after);
  });

  /** One after the other, however fast it is asked for. */
  next(): Promise<void> {
    this.going = this.going.then(() => this.advance());
    return this.going;
  }

  /** The next in the kernel's order that was not shown yet; an edit or a decision changes that order. */
  private async advance(): Promise<void> {
    const now = this.issue.value;
    let after = this.decided ? null : (now?.issue ?? null);
    this.decided = false;
    let next = await this.editor.store.nextIssue(after);
    while (next && this.seen.has(next.issue)) {
      after = next.issue;
      next = await this.editor.store.nextIssue(after);
    }
    if (next === undefined) return;
    if (next === null) {
      this.leave();
      this.seen.clear(); // asked again, they come again
      this.editor.store.say("info", now ? "No further issues." : "No issues.");
      return;
    }
    if (now) this.visited.push(now);
    this.show(next);
  }

  /** Go to an issue that was pointed at. */
  look(issue: Issue): void {
    if (this.issue.value) this.visited.push(this.issue.value);
    this.show(issue);
  }

  previous(): void {
    const before = this.visited.pop();
    if (before && this.issue.value) this.seen.delete(this.issue.value.issue); // it comes again on the way forth
    if (before) this.show(before);
    else this.editor.store.say("info", "There was none before.");
  }

  leave(): void {
    batch(() => {
      this.issue.value = this.aimed.value = null;
    });
  }

  /** Tick the place off, and go to the next. */
  async resolve(state: "accepted" | "ignored"): Promise<void> {
    const issue = this.issue.value;
    if (!issue) return this.next();
    if (!this.editor.edits.allowed()) return;
    this.editor.questions.close();
    const result = await this.editor.store.edit("resolve_issue", { issue: issue.issue, state });
    this.editor.timeline.fetchSoon();
    if (result === undefined) return;
    this.decided = true;
    await this.next();
  }

  /** Do what would mend it; false if nothing is proposed here. */
  mend(): boolean {
    const fix = this.fix.value;
    const issue = this.issue.value;
    if (!fix || !issue) return false;
    const { edits, store, questions } = this.editor;
    if (fix.what === "ask") questions.propose(fix.kind, issue.track_id, fix.other, fix.scope, issue.frame);
    else if (edits.allowed()) {
      edits.flush();
      void store.edit(fix.edit[0], fix.edit[1] as never);
    }
    return true;
  }

  /** Go there, select whom it is about, and say why; of a crossing, show what a swap would do. */
  private show(issue: Issue): void {
    const { editor } = this;
    const names = editor.store.clip.value?.skeleton.keypoints ?? [];
    const k = issue.keypoint === null ? -1 : names.indexOf(issue.keypoint);
    this.seen.add(issue.issue);
    batch(() => {
      editor.questions.close();
      editor.nav.goTo(issue.frame);
      editor.select(issue.track_id, k < 0 ? null : k);
      this.issue.value = this.aimed.value = issue;
    });
    const other = issue.track_id_b ?? null;
    if (issue.kind === "crossing" && other !== null && editor.store.canEdit.value)
      editor.questions.propose("swap", issue.track_id, other, "onwards", issue.frame);
  }

  /** To everybody whom it is about, where they are or were last. */
  private zoom(issue: Issue): void {
    const { store, viewport } = this.editor;
    if (!store.peopleAt(issue.frame)) return; // once they are known
    this.aimed.value = null;
    const ids = [issue.track_id, issue.track_id_b].filter((id) => typeof id === "number");
    const boxes = ids.map((id) => this.boxOf(id, issue)).filter((box) => box !== null);
    if (boxes.length === 0) return;
    const keypoint = this.keypointBox(issue);
    if (keypoint) viewport.zoomTo(widened(keypoint, CONTEXT * Math.max(boxes[0]![2], boxes[0]![3])));
    else viewport.zoomTo(around(boxes), 1.6);
  }

  /** About the keypoint that it is about, here and in the frames beside; null if it is about the whole person. */
  private keypointBox({ track_id, frame, frame_end, keypoint }: Issue): Box | null {
    const { store } = this.editor;
    const k = keypoint === null ? -1 : (store.clip.value?.skeleton.keypoints.indexOf(keypoint) ?? -1);
    const poses = [frame, frame - 1, frame_end + 1].map((f) => store.peopleAt(f)?.get(track_id));
    const points = poses.filter((p) => p !== undefined && k >= 0 && placed(p, k));
    if (points.length === 0) return null;
    return around(points.map((p) => [p!.xy[2 * k]!, p!.xy[2 * k + 1]!, 0, 0]));
  }

  private boxOf(id: number, { frame, frame_end }: Issue): Box | null {
    for (const f of [frame, frame - 1, frame_end + 1]) {
      const pose = this.editor.store.peopleAt(f)?.get(id);
      const box = pose && bounds(pose);
      if (box) return box;
    }
    return null;
  }
}

/** At least so wide and so high, with the same middle. */
function widened([x, y, w, h]: Box, least: number): Box {
  const [wide, high] = [Math.max(w, least), Math.max(h, least)];
  return [x + w / 2 - wide / 2, y + h / 2 - high / 2, wide, high];
}

function around(boxes: readonly Box[]): Box {
  const [x, y] = [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1]))];
  const [right, bottom] = [Math.max(...boxes.map((b) => b[0] + b[2])), Math.max(...boxes.map((b) => b[1] + b[3]))];
  return [x, y, right - x, bottom - y];
}
