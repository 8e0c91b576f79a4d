/** Issues: doubtful places, one after the other. */

import { type Signal, signal } from "@preact/signals-core";
import type { Editor } from "./editor";
import type { Issue } from "./protocol";

export class Review {
  readonly issue: Signal<Issue | null> = signal<Issue | null>(null);
  private readonly visited: Issue[] = [];

  constructor(private readonly editor: Editor) {}

  async next(): Promise<void> {
    const now = this.issue.value;
    const next = await this.editor.store.nextIssue(now?.issue ?? null);
    if (next === undefined) return;
    if (next === null) {
      this.issue.value = null;
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
    if (before) this.show(before);
    else this.editor.store.say("info", "There was none before.");
  }

  /** Tick the place off, and go to the next. */
  async resolve(state: "accepted" | "ignored"): Promise<void> {
    const issue = this.issue.value;
    if (!issue) return this.next();
    if (!this.editor.edits.allowed()) return;
    const result = await this.editor.store.edit("resolve_issue", { issue: issue.issue, state });
    this.editor.timeline.fetchSoon();
    if (result !== undefined) await this.next();
  }

  /** Go there, select whom it is about, and say why. */
  private show(issue: Issue): void {
    const names = this.editor.store.clip.value?.skeleton.keypoints ?? [];
    const k = issue.keypoint === null ? -1 : names.indexOf(issue.keypoint);
    this.editor.nav.goTo(issue.frame);
    this.editor.select(issue.track_id, k < 0 ? null : k);
    this.issue.value = issue;
    this.editor.reveal();
  }
}
