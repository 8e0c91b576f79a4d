/** From where one is to the next place of some kind, in the order of time. */

import type { Editor } from "./editor";
import type { LaneTable } from "./lanes";
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

/**
 * The next stretch without somebody (null: without anybody) that begins after a frame, or ends before it; of a table of
 * lanes, so it is as fine as that. null if there is none. Pure.
 */
export function gapBeside(table: LaneTable, track_id: number | null, frame: number, way: 1 | -1): number | null {
  const { first, stop, bins, track_ids, sure } = table;
  const per = (stop - first) / bins;
  const rows = track_ids.map((id, row) => ({ id, row })).filter(({ id }) => track_id === null || id === track_id);
  const empty = (bin: number) => rows.every(({ row }) => sure[row * bins + bin] === 0);
  let bin = Math.floor((frame - first) / per);
  while (bin >= 0 && bin < bins && empty(bin)) bin += way; // out of the one that is here
  while (bin >= 0 && bin < bins && !empty(bin)) bin += way;
  if (bin < 0 || bin >= bins) return null;
  return way > 0 ? Math.ceil(first + bin * per) : Math.ceil(first + (bin + 1) * per) - 1;
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

  /** To the next frame without the selected person, while they are in the video; or without anybody. */
  gap(way: 1 | -1): void {
    const { nav, selected, store, timeline } = this.editor;
    const table = timeline.overview.value;
    const person = store.person(selected.value);
    const to = table && gapBeside(table, selected.value, nav.frame.value, way);
    const inside = !person || (to !== null && to > person.first && to < person.last);
    if (to !== null && inside) return nav.goTo(to);
    const who = person ? `Person ${person.track_id} is` : "Somebody is";
    store.say("info", `${who} in every frame ${way > 0 ? "after" : "before"} this one, as far as they go.`);
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
