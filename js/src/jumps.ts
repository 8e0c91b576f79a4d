/** From where one is to the next place of some kind, in the order of time. */

import type { Editor } from "./editor";
import type { Issue } from "./protocol";

/** Issues in the order of time; of one frame the worst first, as they come. */
export function inTime(issues: readonly Issue[], kind: string | null): Issue[] {
  return issues.filter((i) => kind === null || i.kind === kind).sort((a, b) => a.frame - b.frame);
}

/** The first after `now`, or after `frame` if none is looked at; several at one frame are gone through one by one. */
export function issueBeside(list: readonly Issue[], now: Issue | null, frame: number, way: 1 | -1): Issue | undefined {
  const at = now && now.frame === frame ? list.findIndex((i) => i.issue === now.issue) : -1;
  if (at >= 0) return list[at + way];
  return way > 0 ? list.find((i) => i.frame > frame) : list.findLast((i) => i.frame < frame);
}

export class Jumps {
  constructor(private readonly editor: Editor) {}

  /** To the next open issue, or to the next one of a kind. */
  issue(way: 1 | -1, kind: string | null = null): void {
    const { review, nav, store } = this.editor;
    const next = issueBeside(inTime(store.issues.value, kind), review.issue.value, nav.frame.value, way);
    if (next) return review.look(next);
    store.say("info", `No ${kind ?? "open issue"} ${way > 0 ? "after" : "before"} this frame.`);
  }

  /** To where a person comes or goes: the selected one, or anybody. */
  end(way: 1 | -1): void {
    const { nav, selected, store } = this.editor;
    const here = nav.frame.value;
    const all = (store.state.value?.people ?? [])
      .filter((p) => selected.value === null || p.track_id === selected.value)
      .flatMap((p) => [p.first, p.last].map((frame) => ({ frame, id: p.track_id })))
      .filter(({ frame }) => (frame - here) * way > 0)
      .sort((a, b) => (a.frame - b.frame) * way);
    const next = all[0];
    if (!next) return store.say("info", `No track starts or ends ${way > 0 ? "after" : "before"} this frame.`);
    nav.goTo(next.frame);
    const person = store.person(next.id)!;
    store.say("info", `Person ${next.id} ${person.first === next.frame ? "starts" : "ends"} here.`);
  }
}
