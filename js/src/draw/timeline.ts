/** The timeline: a ruler, one lane a person, anchors, issues, crossings, the selected range, and where one is. */

import type { CurveTable } from "../curve";
import { ANCHOR, type LaneTable, type Layout } from "../lanes";
import type { Issue, Person, Span, State } from "../protocol";
import { type TimeSpan, ticks, xOf } from "../timespan";
import { anchorPath, type Context, paintAnchors } from "./anchor";
import { drawCurve } from "./curve";
import { drawLane } from "./lanes";
import { paintOf } from "./palette";

export interface TimelineScene {
  width: number;
  height: number;
  gutter: number; // at the left, for numbers
  head: number; // above the lanes
  foot: number; // below them
  strip: number; // the curve's height, 0 if there is none
  curve: CurveTable | null;
  layout: Layout;
  scroll: number;
  time: TimeSpan;
  nFrames: number;
  frame: number;
  glance: number | null; // the frame at the pointer
  state: State;
  tables: readonly LaneTable[]; // the finest first
  issues: readonly Issue[];
  selected: number | null;
  issue: Issue | null; // the one that is looked at
  range: Span | null;
  carried: readonly Span[]; // frames that changed a moment ago
  colours: TimelineColours;
}
export interface TimelineColours {
  track: string; // behind lanes
  found: string; // the part in which people were looked for
  ink: string;
  soft: string;
  accent: string;
  warn: string;
  danger: string;
  issue: string;
}
export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const APART = 5; // CSS pixels between marks: closer ones are one

/** All that stays as it is while one goes from frame to frame. */
export function drawGround(g: Context, scene: TimelineScene): void {
  const { width, height, gutter, head, foot, strip, time, curve, colours } = scene;
  const bottom = height - foot - strip;
  g.fillStyle = colours.track;
  g.fillRect(gutter, head, width - gutter, bottom - head);
  drawNumbers(g, scene);
  clipped(g, [gutter, 0, width - gutter, bottom], () => {
    drawRuler(g, scene);
    g.fillStyle = colours.found;
    for (const s of scene.state.found) span(g, scene, s, head, bottom - head);
    g.fillStyle = colours.issue;
    if (scene.issue) span(g, scene, [scene.issue.frame, scene.issue.frame_end], head, bottom - head, 3);
  });
  clipped(g, [gutter, head - 1, width - gutter, bottom - head + 1], () => {
    drawLanes(g, scene);
    drawAnchors(g, scene);
    for (const issue of scene.issues) drawIssue(g, scene, issue);
    g.fillStyle = colours.accent;
    for (const s of scene.carried) span(g, scene, s, bottom - 2, 2, 1);
  });
  clipped(g, [gutter, 0, width - gutter, bottom], () => {
    g.fillStyle = colours.warn;
    for (const p of scene.state.people) for (const f of p.pending) span(g, scene, [f, f], head - 4, 3, 2);
  });
  if (strip > 0) {
    const place = { left: gutter, top: bottom + 2, width: width - gutter, height: strip - 2 };
    drawCurve(g, { ...place, table: curve, time, colours });
  }
  clipped(g, [gutter, 0, width - gutter, height - foot], () => {
    if (scene.range) drawRange(g, scene, scene.range, height - foot);
  });
  drawBar(g, scene, height - foot);
}

/** Where one is, and where the pointer is. */
export function drawPlace(g: Context, scene: TimelineScene): void {
  const { width, height, gutter, foot, nFrames, frame, glance, colours } = scene;
  const bottom = height - foot;
  clipped(g, [gutter, 0, width - gutter, bottom], () => {
    if (glance !== null && glance !== frame) drawGlance(g, scene, bottom);
    drawHandle(g, scene, bottom);
  });
  g.fillStyle = colours.accent;
  g.fillRect(gutter + ((frame + 0.5) / nFrames) * (width - gutter) - 1, bottom + 2, 2, 6);
}

function clipped(g: Context, [x, y, w, h]: readonly [number, number, number, number], draw: () => void): void {
  g.save();
  g.beginPath();
  g.rect(x, y, w, h);
  g.clip();
  draw();
  g.restore();
}

/** Where a frame begins, on the canvas. */
const at = (scene: TimelineScene, frame: number): number =>
  scene.gutter + xOf(frame, scene.time, scene.width - scene.gutter);

function span(g: Context, scene: TimelineScene, [a, b]: Span, y: number, h: number, least = 1): void {
  const x = at(scene, a);
  const w = at(scene, b + 1) - x;
  if (x > scene.width || x + w < scene.gutter) return;
  g.fillRect(w < least ? x + (w - least) / 2 : x, y, Math.max(least, w), h);
}

/** The people whose lanes are in view, and where. */
function* rows(scene: TimelineScene): Generator<[person: Person, y: number]> {
  const { people } = scene.state;
  const { top, room, each } = scene.layout;
  for (let i = Math.floor(scene.scroll / each); i < people.length; i++) {
    const y = top + i * each - scene.scroll;
    if (y >= top + room) return;
    yield [people[i]!, y];
  }
}

function drawRuler(g: Context, scene: TimelineScene): void {
  const { colours, width, gutter } = scene;
  g.font = `500 10px ${FONT}`;
  g.textBaseline = "top";
  g.fillStyle = colours.soft;
  for (const frame of ticks(scene.time, width - gutter)) {
    const x = at(scene, frame + 0.5);
    g.fillRect(Math.round(x), 13, 1, 5);
    const text = String(frame);
    const w = g.measureText(text).width;
    g.fillText(text, Math.min(width - w - 1, Math.max(gutter, x - w / 2)), 2);
  }
}

function drawNumbers(g: Context, scene: TimelineScene): void {
  const { layout, gutter, head, selected, colours } = scene;
  g.textBaseline = "middle";
  g.textAlign = "center";
  clipped(g, [0, head, gutter, layout.room], () => {
    for (const [p, y] of rows(scene)) {
      const paint = paintOf(p.colour);
      const chosen = p.track_id === selected;
      g.font = `${chosen ? 700 : 500} ${Math.min(11, layout.height + 1)}px ${FONT}`;
      g.fillStyle = paint.middle;
      if (chosen) g.fillRect(0, y, gutter - 3, layout.height);
      else g.fillRect(gutter - 7, y, 4, layout.height);
      g.fillStyle = chosen ? paint.ink : colours.soft;
      g.fillText(String(p.track_id), (gutter - (chosen ? 3 : 7)) / 2, y + layout.height / 2 + 0.5);
    }
  });
  g.textAlign = "left";
}

/** Each lane from the finest table that knows a part of it. */
function drawLanes(g: Context, scene: TimelineScene): void {
  const { tables, time, gutter, layout, selected } = scene;
  const [fine, coarse] = tables;
  const width = scene.width - gutter;
  g.imageSmoothingEnabled = false;
  for (const [p, y] of rows(scene)) {
    const place = { time, left: gutter, width, y, height: layout.height };
    g.globalAlpha = selected === null || p.track_id === selected ? 1 : 0.62;
    const parts: [LaneTable, Span][] = [];
    if (fine) parts.push([fine, [fine.first, fine.stop]]);
    if (fine && coarse) parts.push([coarse, [0, fine.first]], [coarse, [fine.stop, scene.nFrames]]);
    for (const [table, frames] of parts) {
      const row = table.track_ids.indexOf(p.track_id);
      if (row >= 0) drawLane(g, table, row, frames, place);
    }
  }
  g.globalAlpha = 1;
}

/** Diamonds where a human placed something; those too close to be told apart are one. */
function drawAnchors(g: Context, scene: TimelineScene): void {
  const { tables, time, layout, width } = scene;
  const r = Math.max(2.4, Math.min(4.2, layout.height * 0.42));
  g.beginPath();
  for (const [p, y] of rows(scene)) {
    let last = -APART;
    for (const frame of anchorsOf(tables, p.track_id, time)) {
      const x = at(scene, frame);
      if (x - last < APART || x > width + r) continue;
      last = x;
      anchorPath(g, x, y + layout.height / 2, r);
    }
  }
  paintAnchors(g, 1.2);
}

/** Middles of the parts in view that hold an anchor, in the order of time. */
function* anchorsOf([fine, coarse]: readonly LaneTable[], track_id: number, time: TimeSpan): Generator<number> {
  const end = time.first + time.span;
  if (fine && coarse && time.first < fine.first) yield* marked(coarse, track_id, time.first, fine.first);
  if (fine) yield* marked(fine, track_id, time.first, end);
  if (fine && coarse && end > fine.stop) yield* marked(coarse, track_id, fine.stop, end);
}

function* marked(table: LaneTable, track_id: number, from: number, to: number): Generator<number> {
  const row = table.track_ids.indexOf(track_id);
  if (row < 0) return;
  const per = (table.stop - table.first) / table.bins;
  const first = Math.max(0, Math.floor((from - table.first) / per));
  const stop = Math.min(table.bins, Math.ceil((to - table.first) / per));
  for (let bin = first; bin < stop; bin++)
    if (table.marks[row * table.bins + bin]! & ANCHOR) yield table.first + (bin + 0.5) * per;
}

/** An issue is a bar on the upper edge of its lane, with a mark in its middle; a crossing joins two lanes. */
function drawIssue(g: Context, scene: TimelineScene, issue: Issue): void {
  const { layout, scroll, colours, gutter, width } = scene;
  const x = at(scene, (issue.frame + issue.frame_end + 1) / 2);
  const [left, right] = [at(scene, issue.frame), at(scene, issue.frame_end + 1)];
  if (right < gutter - 4 || left > width + 4) return;
  const row = (id: number | null | undefined) => scene.state.people.findIndex((p) => p.track_id === id);
  const yOf = (i: number) => layout.top + i * layout.each - scroll;
  const [a, b] = [row(issue.track_id), row(issue.track_id_b)];
  if (a < 0) return;
  g.globalAlpha = Math.max(0.15, issue.severity ** 2);
  g.fillStyle = g.strokeStyle = colours.danger;
  if (issue.kind === "crossing") {
    drawCrossing(g, x, yOf(a) + layout.height / 2, b < 0 ? null : yOf(b) + layout.height / 2);
  } else {
    const y = yOf(a) - 1;
    span(g, scene, [issue.frame, issue.frame_end], y, 2, 3);
    g.beginPath();
    g.moveTo(x - 3.5, y);
    g.lineTo(x + 3.5, y);
    g.lineTo(x, y + 5);
    g.fill();
  }
  g.globalAlpha = 1;
}

function drawCrossing(g: Context, x: number, y: number, other: number | null): void {
  g.lineWidth = 2;
  g.beginPath();
  for (const middle of other === null ? [y] : [y, other]) {
    g.moveTo(x - 3.5, middle - 3.5);
    g.lineTo(x + 3.5, middle + 3.5);
    g.moveTo(x - 3.5, middle + 3.5);
    g.lineTo(x + 3.5, middle - 3.5);
  }
  if (other !== null) {
    g.moveTo(x, y);
    g.lineTo(x, other);
  }
  g.stroke();
}

function drawRange(g: Context, scene: TimelineScene, [a, b]: Span, bottom: number): void {
  const { colours, head } = scene;
  g.fillStyle = colours.accent;
  g.globalAlpha = 0.2;
  span(g, scene, [a, b], head - 5, bottom - head + 5);
  g.globalAlpha = 1;
  span(g, scene, [a, b], head - 6, 3, 2);
  g.fillRect(at(scene, a) - 0.75, head - 6, 1.5, bottom - head + 6);
  g.fillRect(at(scene, b + 1) - 0.75, head - 6, 1.5, bottom - head + 6);
}

/** A thin line and the frame's number, where a press would go. */
function drawGlance(g: Context, scene: TimelineScene, bottom: number): void {
  const x = at(scene, scene.glance! + 0.5);
  g.globalAlpha = 0.55;
  g.fillStyle = scene.colours.ink;
  g.fillRect(x - 0.5, 14, 1, bottom - 14);
  g.globalAlpha = 1;
  numberTag(g, scene, x, String(scene.glance), scene.colours.track, scene.colours.ink);
}

function drawHandle(g: Context, scene: TimelineScene, bottom: number): void {
  const { colours } = scene;
  const x = at(scene, scene.frame + 0.5);
  if (x < scene.gutter || x > scene.width) return;
  g.fillStyle = colours.accent;
  g.fillRect(x - 1, 12, 2, bottom - 12);
  g.beginPath();
  g.moveTo(x - 5, 13);
  g.lineTo(x + 5, 13);
  g.lineTo(x, 19);
  g.fill();
  numberTag(g, scene, x, String(scene.frame), colours.accent, colours.track);
}

function numberTag(g: Context, scene: TimelineScene, x: number, text: string, fill: string, ink: string): void {
  g.font = `700 10px ${FONT}`;
  g.textBaseline = "top";
  const w = g.measureText(text).width + 8;
  const left = Math.max(scene.gutter, Math.min(scene.width - w, x - w / 2));
  g.fillStyle = fill;
  g.beginPath();
  g.roundRect(left, 0, w, 13, 3);
  g.fill();
  g.fillStyle = ink;
  g.fillText(text, left + 4, 2);
}

/** The whole video, and the part of it that is shown. */
function drawBar(g: Context, scene: TimelineScene, bottom: number): void {
  const { gutter, width, nFrames, time, colours } = scene;
  const x = (frame: number) => gutter + (frame / nFrames) * (width - gutter);
  const y = bottom + 3;
  g.fillStyle = colours.track;
  g.fillRect(gutter, y, width - gutter, 4);
  g.fillStyle = time.span < nFrames ? colours.soft : colours.found;
  g.beginPath();
  g.roundRect(x(time.first), y, Math.max(6, x(time.first + time.span) - x(time.first)), 4, 2);
  g.fill();
}
