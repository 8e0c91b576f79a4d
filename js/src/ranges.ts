/** What is done with the range of frames that is selected in the timeline. */

import type { Editor } from "./editor";
import type { Person, Span } from "./protocol";
import type { PropagateOrder } from "./store";

const MAX_GAP = 10; // frames that are interpolated over, unless the range itself is what was asked for

/** The orders that carry a person's anchor as far as a range goes; none if there is no anchor in it. */
export function ordersWithin([first, last]: Span, person: Person, here: number): PropagateOrder[] {
  const inside = person.anchors.filter((f) => first <= f && f <= last);
  if (inside.length === 0) return [];
  const frame = inside.reduce((a, b) => (Math.abs(b - here) < Math.abs(a - here) ? b : a));
  const tracks = [person.track_id];
  const orders: PropagateOrder[] = [];
  if (frame < last) orders.push({ frame, direction: "forward", stop: last, tracks });
  if (frame > first) orders.push({ frame, direction: "backward", stop: first, tracks });
  return orders;
}

export class Ranges {
  constructor(private readonly editor: Editor) {}

  /** Carry the selected person's anchor in the range as far as the range goes; without one selected, everybody's. */
  propagate(): void {
    this.withRange(async (range) => {
      const { store, selected, nav } = this.editor;
      const people = (store.state.value?.people ?? []).filter(
        (p) => selected.value === null || p.track_id === selected.value,
      );
      const orders = people.flatMap((p) => ordersWithin(range, p, nav.frame.value));
      if (orders.length === 0) return store.say("info", "There is no anchor in this range to propagate from.");
      for (const order of orders) await store.propagate(order);
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
