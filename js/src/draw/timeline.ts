/** The scrub bar: what has been found, one lane a person, anchors, what waits to be carried, and where one is. */

import type { Person, Span, State } from "../protocol";

export interface TimelineScene {
  width: number;
  height: number;
  nFrames: number;
  frame: number;
  glance: number | null; // the frame at the pointer
  state: State;
  selected: number | null;
  issue: Span | null;
  carried: readonly Span[]; // frames that changed a moment ago
  colours: TimelineColours;
}
export interface TimelineColours {
  track: string; // the bar
  found: string; // the part in which people were looked for
  ink: string;
  accent: string;
  warn: string;
  issue: string;
}

export const HEAD = 12; // CSS pixels above the lanes, for the handle and marks
const FOOT = 3;

/** Where a frame begins on the bar, CSS pixels. */
export function xOf(frame: number, nFrames: number, width: number): number {
  return (frame / Math.max(1, nFrames)) * width;
}

/** The frame at a place of the bar. */
export function frameAt(x: number, nFrames: number, width: number): number {
  return Math.min(nFrames - 1, Math.max(0, Math.floor((x / Math.max(1, width)) * nFrames)));
}

/** How lanes are laid out: their height, and the gap between them. */
export function lanes(n: number, room: number): { height: number; gap: number } {
  if (n === 0) return { height: 0, gap: 0 };
  const each = room / n;
  const gap = each >= 4 ? 2 : each >= 2.5 ? 1 : 0;
  return { height: Math.max(0.5, Math.min(7, each - gap)), gap };
}

export function drawTimeline(g: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { width, height, nFrames, state, colours } = scene;
  const x = (frame: number) => xOf(frame, nFrames, width);
  const span = ([a, b]: Span, y: number, h: number) => g.fillRect(x(a), y, Math.max(1, x(b + 1) - x(a)), h);
  const bottom = height - FOOT;
  g.fillStyle = colours.track;
  rounded(g, 0, HEAD, width, bottom - HEAD, 4);
  g.save();
  g.beginPath();
  g.roundRect(0, HEAD, width, bottom - HEAD, 4);
  g.clip();
  g.fillStyle = colours.found;
  for (const s of state.found) span(s, HEAD, bottom - HEAD);
  if (scene.issue) {
    g.fillStyle = colours.issue;
    span(scene.issue, HEAD, bottom - HEAD);
  }
  g.fillStyle = colours.accent;
  for (const s of scene.carried) span(s, bottom - 2, 2);
  drawLanes(g, scene, bottom);
  g.restore();
  g.fillStyle = colours.warn;
  for (const p of state.people)
    for (const frame of p.pending) g.fillRect(x(frame), HEAD - 4, Math.max(2, x(frame + 1) - x(frame)), 3);
  if (scene.glance !== null && scene.glance !== scene.frame) drawGlance(g, scene);
  drawHandle(g, x(scene.frame), Math.max(2, width / nFrames), height, colours);
}

function drawLanes(g: CanvasRenderingContext2D, scene: TimelineScene, bottom: number): void {
  const { state, width, nFrames, selected } = scene;
  const { height, gap } = lanes(state.people.length, bottom - HEAD - 6);
  const row = new Map(state.people.map((p, i) => [p.track_id, HEAD + 3 + i * (height + gap)]));
  const bar = (p: Person, alpha: number, least: number) => {
    const [x, h] = [xOf(p.first, nFrames, width), Math.max(height, least)];
    g.globalAlpha = alpha;
    g.fillStyle = p.colour;
    rounded(g, x, row.get(p.track_id)! - (h - height) / 2, Math.max(2, xOf(p.last + 1, nFrames, width) - x), h, h / 2);
  };
  for (const p of state.people) bar(p, selected === null ? 1 : 0.38, 0);
  for (const p of state.people) if (p.track_id === selected) bar(p, 1, 5);
  g.globalAlpha = 1;
  const r = Math.max(2.2, Math.min(4, height * 0.75));
  for (const p of state.people)
    if (selected === null || p.track_id === selected)
      for (const frame of p.anchors) diamond(g, xOf(frame + 0.5, nFrames, width), row.get(p.track_id)! + height / 2, r);
}

function diamond(g: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  g.beginPath();
  g.moveTo(x, y - r);
  g.lineTo(x + r, y);
  g.lineTo(x, y + r);
  g.lineTo(x - r, y);
  g.closePath();
  g.fillStyle = "#fff";
  g.fill();
  g.lineWidth = 1.2;
  g.strokeStyle = "rgb(12 14 20 / 0.85)";
  g.stroke();
}

/** A thin line and the frame's number, where a press would go. */
function drawGlance(g: CanvasRenderingContext2D, scene: TimelineScene): void {
  const x = xOf(scene.glance! + 0.5, scene.nFrames, scene.width);
  g.globalAlpha = 0.55;
  g.fillStyle = scene.colours.ink;
  g.fillRect(x - 0.5, HEAD, 1, scene.height - HEAD - FOOT);
  g.globalAlpha = 1;
  g.font = "600 10px system-ui, sans-serif";
  g.textBaseline = "top";
  const text = String(scene.glance);
  const width = g.measureText(text).width;
  g.fillText(text, Math.max(0, Math.min(scene.width - width, x - width / 2)), 1);
}

function drawHandle(
  g: CanvasRenderingContext2D,
  x: number,
  frameWidth: number,
  height: number,
  colours: TimelineColours,
): void {
  const middle = x + frameWidth / 2;
  g.fillStyle = colours.ink;
  g.fillRect(middle - 0.75, 4, 1.5, height - 4);
  g.beginPath();
  g.moveTo(middle - 5, 0);
  g.lineTo(middle + 5, 0);
  g.lineTo(middle + 5, 5);
  g.lineTo(middle, 10);
  g.lineTo(middle - 5, 5);
  g.closePath();
  g.fill();
}

function rounded(g: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, r: number): void {
  g.beginPath();
  g.roundRect(x, y, w, h, Math.min(r, w / 2, h / 2));
  g.fill();
}
