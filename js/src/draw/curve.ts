/** A curve over the time that a timeline shows: a band from the least to the greatest value, a line for the worse one. */

import type { CurveTable } from "../curve";
import { type TimeSpan, xOf } from "../timespan";
import type { Context } from "./anchor";
import { plain } from "./labels";
import { FONT, type TimelineColours } from "./timeline";

const WORDS = 14; // CSS pixels above the curve, for whose and what it is
const PAD = 4; // above and below the curve

export interface Strip {
  table: CurveTable | null; // null: nobody is selected, or the values are on their way
  time: TimeSpan;
  left: number; // CSS pixels
  top: number;
  width: number;
  height: number;
  colours: TimelineColours;
}

export function drawCurve(g: Context, strip: Strip): void {
  const { table, left, top, width, height, colours } = strip;
  g.fillStyle = colours.track;
  g.fillRect(left, top, width, height);
  const most = table ? mostOf(table, strip.time) : 1;
  const room = height - WORDS - 2 * PAD;
  const y = (value: number) => top + height - PAD - (Math.min(value, most) / most) * room;
  drawScale(g, strip, most, y);
  g.save();
  g.beginPath();
  g.rect(left, top, width, height);
  g.clip();
  if (table) drawValues(g, strip, table, y);
  g.restore();
  drawWords(g, strip, table ? wordsOf(table) : "select a person");
}

/** What reaches the top: all of a score; of ways the longest in view. */
function mostOf({ what, high, first, stop, bins }: CurveTable, time: TimeSpan): number {
  if (what === "score") return 1;
  const per = (stop - first) / bins;
  const [a, b] = [Math.floor((time.first - first) / per), Math.ceil((time.first + time.span - first) / per)];
  return Math.max(1, ...high.subarray(Math.max(0, a), Math.max(0, b)).filter((v) => v > 0));
}

function drawScale(g: Context, { left, width, colours }: Strip, most: number, y: (value: number) => number): void {
  g.font = `500 9px ${FONT}`;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const value of [0, most / 2, most]) {
    g.globalAlpha = 0.3;
    g.fillStyle = colours.soft;
    g.fillRect(left, Math.round(y(value)), width, 1);
    g.globalAlpha = 1;
    if (value !== most / 2) g.fillText(most === 1 ? value.toFixed(0) : String(Math.round(value)), left - 4, y(value));
  }
  g.textAlign = "left";
}

function drawValues(g: Context, strip: Strip, table: CurveTable, y: (value: number) => number): void {
  const { time, left, width, colours } = strip;
  const { first, stop, bins, low, high, what } = table;
  const per = (stop - first) / bins;
  const x = (bin: number) => left + xOf(first + (bin + 0.5) * per, time, width);
  for (const [a, b] of stretches(low)) {
    g.beginPath();
    for (let i = a; i < b; i++) g.lineTo(x(i), y(high[i]!));
    for (let i = b - 1; i >= a; i--) g.lineTo(x(i), y(low[i]!));
    g.fillStyle = g.strokeStyle = colours.accent;
    g.globalAlpha = 0.28;
    g.fill();
    g.globalAlpha = 1;
    g.lineWidth = 1.25;
    g.beginPath();
    const worse = what === "score" ? low : high;
    for (let i = a; i < b; i++) g.lineTo(x(i), y(worse[i]!));
    if (b === a + 1) g.rect(x(a) - 0.75, y(worse[a]!) - 0.75, 1.5, 1.5);
    g.stroke();
  }
}

/** Runs [from, to) of parts that have a value. */
function* stretches(values: Float32Array): Generator<[number, number]> {
  let from = -1;
  for (let i = 0; i <= values.length; i++) {
    const there = i < values.length && !Number.isNaN(values[i]!);
    if (there && from < 0) from = i;
    if (!there && from >= 0) {
      yield [from, i];
      from = -1;
    }
  }
}

function wordsOf({ track_id, keypoint, what }: CurveTable): string {
  const who = `person ${track_id}${keypoint === null ? "" : `, ${plain(keypoint)}`}`;
  return what === "score" ? `${who}: how sure` : `${who}: pixels from frame to frame`;
}

function drawWords(g: Context, { left, top, colours }: Strip, words: string): void {
  g.font = `500 10px ${FONT}`;
  g.textBaseline = "top";
  g.fillStyle = colours.soft;
  g.fillText(words, left + 6, top + 4);
}
