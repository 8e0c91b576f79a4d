/** What is done with the range of frames that is selected in the timeline. */

import type { Editor } from "./editor";
import type { Span } from "./protocol";

const MAX_GAP = 10; // frames that are interpolated over, unless the range itself is what was asked for

export class Ranges {
  constructor(private readonly editor: Editor) {}

  /** Carry the selected person's anchors in the range as far as the range goes; without one selected, everybody's. */
  propagate(): void {
    this.withRange(([first, last]) => {
      const { store, selected } = this.editor;
      const id = selected.value;
      const people = (store.state.value?.people ?? []).filter((p) => id === null || p.track_id === id);
      if (!people.some((p) => p.anchors.some((f) => first <= f && f <= last)))
        return store.say("info", "There is no anchor in this range to propagate from.");
      const tracks = id === null ? ("all" as const) : [id];
      void store.propagate({ frame: null, direction: "both", stop: [first, last], tracks });
    });
  }

  interpolate(): void {
    this.withPerson(async (track_id, [first, last]) => {
      const { store } = this.editor;
      const max_gap = Math.max(MAX_GAP, last - first + 1);
      const done = await store.edit("interpolate", { track_id, first, last, max_gap });
      if (done !== undefined) store.say("info", `Person ${track_id} was interpolated in frames ${first} to ${last}.`);
    });
  }

  /** Ask, with the range as the place. */
  delete(): void {
    this.withPerson((_, range) => this.editor.questions.ask("delete", range));
  }

  private withRange(act: (range: Span) => void): void {
    const { timeline, edits, store } = this.editor;
    const range = timeline.range.value;
    if (!range) return store.say("info", "Select a range first: Shift and drag on the timeline, or press ( and ).");
    if (!edits.allowed()) return;
    edits.flush();
    act(range);
  }

  private withPerson(act: (track_id: number, range: Span) => void): void {
    const id = this.editor.selected.value;
    this.withRange((range) => (id === null ? this.editor.needPerson() : act(id, range)));
  }
}
