/** What a timeline knows of each person over time, and how their lanes lie one below the other. Pure. */

import { bytesOf } from "./codec";
import type { Lanes } from "./protocol";

export const ANCHOR = 1;
export const CARRIED = 2;
export const FILLED = 4; // interpolated or imported
export const WAITING = 8; // corrections that were not propagated yet
export const STALE = 16;

/** `bins` equal parts of the frames [first, stop) of each person. */
export interface LaneTable {
  first: number;
  stop: number;
  bins: number;
  track_ids: readonly number[];
  sure: Uint8Array; // (people, bins): 1 to 255, 0 where nobody is
  marks: Uint8Array; // (people, bins): bits as above
}

/** The table in an answer; one sentence is thrown if its buffers do not fit. */
export function decodeLanes(answer: Lanes, buffers: readonly ArrayBufferView[]): LaneTable {
  const { first, stop, bins, track_ids } = answer;
  const [sure, marks] = buffers.map((b) => new Uint8Array(bytesOf(b)));
  const size = track_ids.length * bins;
  if (sure?.length !== size || marks?.length !== size)
    throw new Error(`Expected lanes of ${size} bytes, got ${sure?.length ?? 0} and ${marks?.length ?? 0}.`);
  return { first, stop, bins, track_ids, sure, marks };
}

/** How sure (0 to 1) a person is at a frame, and what is marked there; null where they are not, or nothing is known. */
export function laneAt(table: LaneTable, track_id: number, frame: number): { sure: number; marks: number } | null {
  const row = table.track_ids.indexOf(track_id);
  if (row < 0 || frame < table.first || frame >= table.stop) return null;
  const at = row * table.bins + Math.floor(((frame - table.first) * table.bins) / (table.stop - table.first));
  const sure = table.sure[at]!;
  return sure === 0 ? null : { sure: (sure - 1) / 254, marks: table.marks[at]! };
}

/** Where lanes are: all as high, and scrolled where there are more than fit. */
export interface Layout {
  top: number; // CSS pixels of the first lane when nothing is scrolled
  room: number; // for all lanes
  each: number; // a lane and the gap below it
  height: number; // of a lane
}
const LEAST = 9;
const MOST = 16;

export function layoutOf(n: number, top: number, room: number): Layout {
  const each = Math.floor(Math.min(MOST, Math.max(LEAST, room / Math.max(1, n))));
  return { top, room, each, height: each - (each > 10 ? 3 : 2) };
}

/** How far lanes can be scrolled. */
export const overflow = (n: number, { each, room }: Layout): number => Math.max(0, n * each - room);

/** The lane at a height, as the number of a person in the list; null beside lanes. */
export function rowAt(y: number, n: number, scroll: number, { top, room, each }: Layout): number | null {
  if (y < top || y >= top + room) return null;
  const row = Math.floor((y - top + scroll) / each);
  return row < n ? row : null;
}

/** The scroll, changed as little as shows a lane whole. */
export function scrolledTo(row: number, n: number, scroll: number, layout: Layout): number {
  const { each, room } = layout;
  const least = (row + 1) * each - room;
  return Math.min(overflow(n, layout), Math.max(0, Math.min(row * each, Math.max(least, scroll))));
}
