/** Draws people over a picture. Only what it is given; nothing is read from the page. */

import { type Camera, toScreen } from "../camera";
import { bounds, type FramePoses, type Pose, placed } from "../poses";
import { isAnchor, OCCLUDED, PENDING, type Skeleton, sourceOf, visibilityOf } from "../protocol";
import { edgeSide, type Paint, paintOf, type Side, sidesOf } from "./palette";

export interface Scene {
  camera: Camera;
  skeleton: Skeleton;
  people: FramePoses;
  colour(track_id: number): string;
  /** The number on a person's tag; another one while a question is open. */
  label(track_id: number): number;
  gone: number | null; // who would be deleted
  selected: number | null;
  keypoint: number | null; // of the selected person
  hovered: { track_id: number; k: number | null } | null;
  names: boolean;
  focus: boolean; // others than the selected one are faint
  box: readonly [number, number, number, number] | null; // being drawn
  crosshair: readonly [number, number] | null; // screen
}

type Context = CanvasRenderingContext2D;
const CASING = "rgb(12 14 20 / 0.72)";
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
  for (const pose of order) drawPerson(g, scene, pose);
  const taken: Rect[] = [];
  for (const pose of order.reverse()) drawTag(g, scene, pose, taken);
  drawNames(g, scene, taken);
  if (scene.box) drawBox(g, scene.camera, scene.box, "#fff", [6, 4], 1.5);
  if (scene.crosshair) drawCrosshair(g, scene.crosshair);
}

/** The hovered above the others, the selected above all. */
function rank(scene: Scene, pose: Pose): number {
  if (pose.track_id === scene.selected) return 2;
  return pose.track_id === scene.hovered?.track_id ? 1 : 0;
}

function layout(skeleton: Skeleton) {
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
  const points = project(scene.camera, pose);
  g.save();
  if (pose.track_id === scene.gone) g.globalAlpha = 0.25;
  else if (scene.focus && !chosen) g.globalAlpha = 0.28;
  else if (!chosen && scene.selected !== null) g.globalAlpha = 0.82;
  if (chosen) {
    const box = bounds(pose);
    if (box) drawBox(g, scene.camera, box, paint.middle, [], 1);
  }
  const size = sizeOf(scene, pose);
  drawLimbs(g, pose, points, edges, paint, size);
  for (let k = 0; k < pose.flags.length; k++)
    if (placed(pose, k)) drawKeypoint(g, scene, pose, k, points, paint[sides[k]!], size);
  g.restore();
}

/** How thick things are: thinner for small people, so that limbs do not run into each other. */
function sizeOf(scene: Scene, pose: Pose): { limb: number; point: number } {
  const box = bounds(pose);
  const height = box ? Math.max(box[2], box[3]) * scene.camera.scale : 200;
  const factor = Math.min(1, Math.max(0.55, height / 190));
  const chosen = pose.track_id === scene.selected;
  return { limb: (chosen ? 3.2 : 2.4) * factor, point: (chosen ? 5 : 3.4) * factor };
}

function project(camera: Camera, pose: Pose): Float32Array {
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
  paint: Paint,
  size: { limb: number },
): void {
  const known = edges.filter(({ a, b }) => placed(pose, a) && placed(pose, b));
  const unsure = (k: number) => pose.score[k]! < UNSURE && !isAnchor(pose.flags[k]!);
  const dashed = known.filter(({ a, b }) => unsure(a) || unsure(b));
  const solid = known.filter((edge) => !dashed.includes(edge));
  g.lineCap = "round";
  g.strokeStyle = CASING;
  g.lineWidth = size.limb + 1.8;
  strokeEdges(g, solid, points);
  g.lineWidth = size.limb;
  for (const side of ["right", "middle", "left"] as const) {
    const ofSide = (edge: Edge) => edge.side === side;
    g.strokeStyle = paint[side];
    strokeEdges(g, solid.filter(ofSide), points);
    g.setLineDash([size.limb, size.limb * 2]);
    strokeEdges(g, dashed.filter(ofSide), points);
    g.setLineDash([]);
  }
}

function strokeEdges(g: Context, edges: readonly Edge[], points: Float32Array): void {
  g.beginPath();
  for (const { a, b } of edges) {
    g.moveTo(points[2 * a]!, points[2 * a + 1]!);
    g.lineTo(points[2 * b]!, points[2 * b + 1]!);
  }
  g.stroke();
}

/** Shape says where it comes from (anchor: diamond, carried: square, read: disc); hollow says occluded. */
function drawKeypoint(
  g: Context,
  scene: Scene,
  pose: Pose,
  k: number,
  points: Float32Array,
  colour: string,
  size: { point: number },
): void {
  const flags = pose.flags[k]!;
  const [x, y] = [points[2 * k]!, points[2 * k + 1]!];
  const chosen = pose.track_id === scene.selected && k === scene.keypoint;
  const hovered = pose.track_id === scene.hovered?.track_id && k === scene.hovered.k;
  const r = size.point * (isAnchor(flags) ? 1.3 : 1) * (hovered || chosen ? 1.25 : 1);
  if (chosen || hovered) {
    g.beginPath();
    g.arc(x, y, r + 5, 0, 7);
    g.lineWidth = chosen ? 2 : 1.5;
    g.strokeStyle = chosen ? "#fff" : "rgb(255 255 255 / 0.7)";
    g.stroke();
  }
  g.beginPath();
  outline(g, x, y, r, flags);
  const hollow = visibilityOf(flags) === OCCLUDED;
  if (hollow) {
    g.lineWidth = 4.2;
    g.strokeStyle = CASING;
    g.stroke();
    g.lineWidth = 2;
    g.strokeStyle = colour;
    g.stroke();
    return;
  }
  g.fillStyle = colour;
  g.fill();
  g.lineWidth = 1.3;
  g.strokeStyle = isAnchor(flags) ? "#fff" : CASING;
  g.stroke();
}

function outline(g: Context, x: number, y: number, r: number, flags: number): void {
  if (isAnchor(flags)) {
    g.moveTo(x, y - r);
    g.lineTo(x + r, y);
    g.lineTo(x, y + r);
    g.lineTo(x - r, y);
    g.closePath();
  } else if (sourceOf(flags) === 1 || sourceOf(flags) === 2) g.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else g.arc(x, y, r, 0, 7);
}

function drawBox(
  g: Context,
  camera: Camera,
  [x, y, w, h]: readonly [number, number, number, number],
  colour: string,
  dash: number[],
  width: number,
): void {
  const [sx, sy] = toScreen(camera, [x, y]);
  const [ex, ey] = toScreen(camera, [x + w, y + h]);
  g.save();
  g.setLineDash(dash);
  g.lineWidth = width + 2;
  g.strokeStyle = "rgb(12 14 20 / 0.45)";
  g.strokeRect(sx, sy, ex - sx, ey - sy);
  g.lineWidth = width;
  g.strokeStyle = colour;
  g.strokeRect(sx, sy, ex - sx, ey - sy);
  g.restore();
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

// -- words ---------------------------------------------------------------------------------------------------------

type Rect = [x: number, y: number, w: number, h: number];
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** The person's number above their head; an amber dot says that corrections wait to be carried. */
function drawTag(g: Context, scene: Scene, pose: Pose, taken: Rect[]): void {
  const box = bounds(pose);
  if (!box) return;
  const paint = paintOf(scene.colour(pose.track_id));
  const chosen = pose.track_id === scene.selected;
  const [x, y] = toScreen(scene.camera, [box[0] + box[2] / 2, box[1]]);
  const number = scene.label(pose.track_id);
  const text = chosen ? `person ${number}` : String(number);
  g.save();
  if (scene.focus && !chosen) g.globalAlpha = 0.4;
  g.font = `600 11px ${FONT}`;
  const w = g.measureText(text).width + 10;
  const rect: Rect = [x - w / 2, Math.max(2, y - 20), w, 16];
  pill(g, rect, paint.middle);
  g.fillStyle = paint.ink;
  g.textBaseline = "middle";
  g.fillText(text, rect[0] + 5, rect[1] + 8.5);
  if (pose.marks & PENDING) {
    g.beginPath();
    g.arc(rect[0] + w, rect[1] + 1, 3.5, 0, 7);
    g.fillStyle = "#ffb020";
    g.strokeStyle = CASING;
    g.lineWidth = 1.5;
    g.stroke();
    g.fill();
  }
  g.restore();
  taken.push(rect);
}

function drawNames(g: Context, scene: Scene, taken: Rect[]): void {
  g.save();
  g.font = `500 11px ${FONT}`;
  g.textBaseline = "middle";
  const { hovered } = scene;
  const pose = scene.selected === null ? undefined : scene.people.get(scene.selected);
  if (scene.names) {
    const all = pose ? [pose] : [...scene.people.values()];
    for (const p of all)
      for (let k = 0; k < p.flags.length; k++)
        if (placed(p, k) && !(hovered?.track_id === p.track_id && hovered.k === k))
          drawName(g, scene, p, k, taken, false);
  }
  const target = hovered ? scene.people.get(hovered.track_id) : undefined;
  if (target && hovered?.k != null && placed(target, hovered.k)) drawName(g, scene, target, hovered.k, [], true);
  g.restore();
}

/** "left wrist", beside its keypoint, at whichever place is free. */
function drawName(g: Context, scene: Scene, pose: Pose, k: number, taken: Rect[], full: boolean): void {
  const [x, y] = toScreen(scene.camera, [pose.xy[2 * k]!, pose.xy[2 * k + 1]!]);
  const name = plain(scene.skeleton.keypoints[k]!);
  const text = full ? `${name} · ${describe(pose, k)}` : name;
  const w = g.measureText(text).width + 10;
  const options: Rect[] = [
    [x + 10, y - 8, w, 16],
    [x - 10 - w, y - 8, w, 16],
    [x + 6, y + 8, w, 16],
    [x + 6, y - 24, w, 16],
  ];
  const rect = options.find((o) => !taken.some((t) => overlap(o, t))) ?? options[0]!;
  taken.push(rect);
  pill(g, rect, "rgb(16 18 25 / 0.82)");
  g.fillStyle = "#fff";
  g.fillText(text, rect[0] + 5, rect[1] + 8.5);
}

/** What there is to say about a keypoint in a few words. */
export function describe(pose: Pose, k: number): string {
  const flags = pose.flags[k]!;
  const words = [visibilityOf(flags) === OCCLUDED ? "occluded" : null];
  if (isAnchor(flags)) words.push("placed by hand");
  else words.push(["read", "carried", "interpolated", "imported", "by hand"][sourceOf(flags)] ?? null);
  if (!isAnchor(flags) && pose.score[k]! > 0) words.push(`${Math.round((100 * pose.score[k]!) / 255)} %`);
  return words.filter(Boolean).join(", ");
}

/** A keypoint's name as people say it. */
export const plain = (keypoint: string): string => keypoint.replaceAll("_", " ");

function overlap(a: Rect, b: Rect): boolean {
  return a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
}

function pill(g: Context, [x, y, w, h]: Rect, colour: string): void {
  g.beginPath();
  g.roundRect(x, y, w, h, 4);
  g.fillStyle = colour;
  g.fill();
}
