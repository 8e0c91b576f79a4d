/** Draws people over a picture. Only what it is given; nothing is read from the page. */

import { type Area, type Camera, toScreen } from "../camera";
import { isAnchor, OCCLUDED, sourceOf, visibilityOf } from "../codec";
import type { Ghost } from "../ghosts";
import { bounds, type FramePoses, type Pose, placed } from "../poses";
import type { Skeleton } from "../protocol";
import type { Trail } from "../trails";
import { anchorPath, type Context } from "./anchor";
import { drawBodyBox, drawBox } from "./boxes";
import { drawGhosts } from "./ghosts";
import { drawNames, drawTag, type Rect } from "./labels";
import { edgeSide, type Inks, inksOf, paintOf, type Scheme, type Side, sidesOf } from "./palette";
import { drawTrails } from "./trails";

/** How skeletons look, as somebody wants them to. */
export interface Looks {
  opacity: number; // 0 to 1
  size: number; // times what it is else
  sides: Scheme; // what colours tell
}

export interface Scene {
  camera: Camera;
  view: Area;
  skeleton: Skeleton;
  people: FramePoses;
  ghosts: readonly Ghost[]; // beneath the people
  trails: readonly Trail[];
  colour(track_id: number): string;
  /** The number on a person's tag; another one while a question is open. */
  label(track_id: number): number;
  gone: number | null; // who would be deleted
  selected: number | null;
  keypoint: number | null; // of the selected person
  hovered: { track_id: number; k: number | null } | null;
  names: boolean;
  boxes: boolean; // everybody's, the selected person's with handles
  focus: boolean; // others than the selected one are faint
  box: readonly [number, number, number, number] | null; // being drawn
  crosshair: readonly [number, number] | null; // screen
  looks: Looks;
  bare?: boolean; // people alone, without numbers and names
}

export const CASING = "rgb(12 14 20 / 0.72)";
const POINTED = 1.25; // how much larger a keypoint is that is selected or pointed at
const EDGE = 0.65; // half the width of a keypoint's edge
const UNSURE = 0.35 * 255; // scores below this are drawn dashed and faint
interface Edge {
  a: number;
  b: number;
  side: Side;
}
const layouts = new WeakMap<Skeleton, { sides: Side[]; edges: Edge[] }>();

/** Everything above the picture, in CSS pixels. */
export function drawScene(g: Context, scene: Scene): void {
  const order = [...scene.people.values()].sort((a, b) => rank(scene, a) - rank(scene, b));
  drawTrails(g, scene);
  drawGhosts(g, scene);
  for (const pose of order) drawPerson(g, scene, pose);
  fade(g, scene);
  if (!scene.bare) {
    const taken: Rect[] = [];
    for (const pose of order.reverse()) drawTag(g, scene, pose, taken);
    drawNames(g, scene, taken);
  }
  if (scene.box) drawBox(g, scene.camera, scene.box, "#fff", [6, 4], 1.5);
  if (scene.crosshair) drawCrosshair(g, scene.crosshair);
}

/** All that was drawn so far becomes see-through as one, so that a joint is no darker where limbs meet under it. */
function fade(g: Context, { looks, view }: Scene): void {
  if (looks.opacity >= 1) return;
  g.save();
  g.globalCompositeOperation = "destination-in";
  g.fillStyle = `rgb(0 0 0 / ${looks.opacity})`;
  g.fillRect(0, 0, view.width, view.height);
  g.restore();
}

/** The hovered above the others, the selected above all. */
function rank(scene: Scene, pose: Pose): number {
  if (pose.track_id === scene.selected) return 2;
  return pose.track_id === scene.hovered?.track_id ? 1 : 0;
}

export function layout(skeleton: Skeleton) {
  let found = layouts.get(skeleton);
  if (!found) {
    const sides = sidesOf(skeleton);
    found = { sides, edges: skeleton.edges.map(([a, b]) => ({ a, b, side: edgeSide(sides[a]!, sides[b]!) })) };
    layouts.set(skeleton, found);
  }
  return found;
}

function drawPerson(g: Context, scene: Scene, pose: Pose): void {
  const paint = paintOf(scene.colour(pose.track_id));
  const chosen = pose.track_id === scene.selected;
  const { sides, edges } = layout(scene.skeleton);
  const inks = inksOf(paint, sides, scene.looks.sides);
  const points = project(scene.camera, pose);
  g.save();
  g.globalAlpha = shareOf(scene, pose.track_id);
  const box = chosen && !scene.boxes ? bounds(pose) : null;
  if (box) drawBox(g, scene.camera, box, paint.middle, [], 1);
  const size = sizeOf(scene, pose);
  drawLimbs(g, pose, points, edges, inks, size);
  drawKeypoints(g, scene, pose, points, inks, size.point);
  if (scene.boxes) drawBodyBox(g, scene.camera, pose, paint.middle, chosen);
  g.restore();
}

/** How much of a person is seen beside the others. */
function shareOf(scene: Scene, track_id: number): number {
  if (track_id === scene.gone) return 0.25;
  if (track_id === scene.selected || scene.selected === null) return scene.focus && scene.selected === null ? 0.28 : 1;
  return scene.focus ? 0.28 : 0.82;
}

/** How thick things are: thinner for small people, so that limbs do not run into each other. */
function sizeOf(scene: Scene, pose: Pose): { limb: number; point: number } {
  const box = bounds(pose);
  const height = box ? Math.max(box[2], box[3]) * scene.camera.scale : 200;
  const factor = Math.min(1, Math.max(0.55, height / 190)) * scene.looks.size;
  const chosen = pose.track_id === scene.selected;
  return { limb: (chosen ? 3.2 : 2.4) * factor, point: (chosen ? 5 : 3.4) * factor };
}

export function project(camera: Camera, pose: Pose): Float32Array {
  const out = new Float32Array(pose.xy.length);
  for (let i = 0; i < out.length; i += 2)
    [out[i], out[i + 1]] = toScreen(camera, [pose.xy[i]!, pose.xy[i + 1]!]) as [number, number];
  return out;
}

/** Limbs that rest on an unsure reading are dashed, and have no dark edge. */
function drawLimbs(
  g: Context,
  pose: Pose,
  points: Float32Array,
  edges: readonly Edge[],
  inks: Inks,
  size: { limb: number },
): void {
  const known = edges.filter(({ a, b }) => placed(pose, a) && placed(pose, b));
  const unsure = (k: number) => pose.score[k]! < UNSURE && !isAnchor(pose.flags[k]!);
  const dashed = known.filter(({ a, b }) => unsure(a) || unsure(b));
  const solid = known.filter((edge) => !dashed.includes(edge));
  g.strokeStyle = CASING;
  g.lineWidth = size.limb + 1.8;
  strokeEdges(g, solid, points);
  g.lineWidth = size.limb;
  const inkOf = ({ b, side }: Edge) => inks.limb(b, side);
  for (const ink of new Set(known.map(inkOf))) {
    const alike = (edge: Edge) => inkOf(edge) === ink;
    g.strokeStyle = ink;
    strokeEdges(g, solid.filter(alike), points);
    g.setLineDash([size.limb, size.limb * 2]);
    strokeEdges(g, dashed.filter(alike), points);
    g.setLineDash([]);
  }
}

export function strokeEdges(g: Context, edges: readonly Edge[], points: Float32Array): void {
  g.beginPath();
  for (const { a, b } of edges) {
    g.moveTo(points[2 * a]!, points[2 * a + 1]!);
    g.lineTo(points[2 * b]!, points[2 * b + 1]!);
  }
  g.stroke();
}

/**
 * Shape says where it comes from (anchor: diamond, carried: square, read: disc); hollow says occluded. Those that look
 * the same are one path: with many people that is what a screen refresh has time for.
 */
function drawKeypoints(g: Context, scene: Scene, pose: Pose, points: Float32Array, inks: Inks, size: number): void {
  const alike = new Map<string, number[]>();
  const ringed: number[] = [];
  for (let k = 0; k < pose.flags.length; k++) {
    if (!placed(pose, k)) continue;
    if (isPointed(scene, pose, k)) {
      ringed.push(k);
      continue;
    }
    const flags = pose.flags[k]!;
    const looks = `${inks.keypoint(k)} ${isAnchor(flags)} ${visibilityOf(flags) === OCCLUDED}`;
    const those = alike.get(looks);
    if (those) those.push(k);
    else alike.set(looks, [k]);
  }
  const paintThose = (those: readonly number[], factor: number) => {
    const path = (more: number) => {
      g.beginPath();
      for (const k of those) {
        const r = size * factor * (isAnchor(pose.flags[k]!) ? 1.3 : 1) + more;
        outline(g, points[2 * k]!, points[2 * k + 1]!, r, pose.flags[k]!);
      }
    };
    paintKeypoints(g, path, pose.flags[those[0]!]!, inks.keypoint(those[0]!));
  };
  for (const those of alike.values()) paintThose(those, 1);
  for (const k of ringed) {
    drawRing(g, scene, pose, k, points, size);
    paintThose([k], POINTED);
  }
}

/** Whether a keypoint is the selected one, or the one at the pointer. */
function isPointed({ selected, keypoint, hovered }: Scene, { track_id }: Pose, k: number): boolean {
  return (track_id === selected && k === keypoint) || (track_id === hovered?.track_id && k === hovered.k);
}

function drawRing(g: Context, scene: Scene, pose: Pose, k: number, points: Float32Array, size: number): void {
  const chosen = pose.track_id === scene.selected && k === scene.keypoint;
  const r = size * POINTED * (isAnchor(pose.flags[k]!) ? 1.3 : 1) + 5;
  g.beginPath();
  g.arc(points[2 * k]!, points[2 * k + 1]!, r, 0, 7);
  g.lineWidth = chosen ? 2 : 1.5;
  g.strokeStyle = chosen ? "#fff" : "rgb(255 255 255 / 0.7)";
  g.stroke();
}

/** Paints keypoints of these flags; `path` is their outlines, larger by so many pixels. */
function paintKeypoints(g: Context, path: (more: number) => void, flags: number, colour: string): void {
  const anchor = isAnchor(flags);
  if (visibilityOf(flags) === OCCLUDED) {
    path(0);
    for (const [width, style] of [
      [4.2, CASING],
      [2, colour],
    ] as const) {
      g.lineWidth = width;
      g.strokeStyle = style;
      g.stroke();
    }
    return;
  }
  // Two areas: to stroke an outline takes much longer.
  for (const [more, style] of [
    [EDGE, anchor ? "#fff" : CASING],
    [-EDGE, colour],
  ] as const) {
    path(more);
    g.fillStyle = style;
    g.fill();
  }
}

function outline(g: Context, x: number, y: number, r: number, flags: number): void {
  if (isAnchor(flags)) anchorPath(g, x, y, r);
  else if (sourceOf(flags) === 1 || sourceOf(flags) === 2) g.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else {
    g.moveTo(x + r, y);
    g.arc(x, y, r, 0, 7);
  }
}

function drawCrosshair(g: Context, [x, y]: readonly [number, number]): void {
  g.save();
  for (const [width, colour] of [
    [3, "rgb(12 14 20 / 0.5)"],
    [1, "#fff"],
  ] as const) {
    g.lineWidth = width;
    g.strokeStyle = colour;
    g.beginPath();
    g.moveTo(x - 4000, y);
    g.lineTo(x + 4000, y);
    g.moveTo(x, y - 4000);
    g.lineTo(x, y + 4000);
    g.stroke();
  }
  g.restore();
}
