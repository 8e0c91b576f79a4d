/** Words over the picture: people's numbers, keypoints' names. */

import { toScreen } from "../camera";
import { isAnchor, OCCLUDED, PENDING, sourceOf, visibilityOf } from "../codec";
import { bounds, type Pose, placed } from "../poses";
import type { Context } from "./anchor";
import { paintOf } from "./palette";
import { CASING, type Scene } from "./skeleton";

export type Rect = [x: number, y: number, w: number, h: number];
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** The person's number above their head; an amber dot says that corrections wait to be propagated. */
export function drawTag(g: Context, scene: Scene, pose: Pose, taken: Rect[]): void {
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
  const rect: Rect = [clamp(x - w / 2, 2, scene.view.width - w - 2), Math.max(2, y - 20), w, 16];
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

export function drawNames(g: Context, scene: Scene, taken: Rect[]): void {
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
  const seen = options.filter(
    (o) => o[0] >= 0 && o[1] >= 0 && o[0] + w <= scene.view.width && o[1] + 16 <= scene.view.height,
  );
  const rect = seen.find((o) => !taken.some((t) => overlap(o, t))) ?? seen[0] ?? options[0]!;
  taken.push(rect);
  pill(g, rect, "rgb(16 18 25 / 0.82)");
  g.fillStyle = "#fff";
  g.fillText(text, rect[0] + 5, rect[1] + 8.5);
}

/** What there is to say about a keypoint in a few words. */
export function describe(pose: Pose, k: number): string {
  const flags = pose.flags[k]!;
  const words = [visibilityOf(flags) === OCCLUDED ? "occluded" : null];
  if (isAnchor(flags)) words.push("by hand");
  else words.push(["read", "propagated", "interpolated", "imported", "by hand"][sourceOf(flags)] ?? null);
  if (!isAnchor(flags) && pose.score[k]! > 0) words.push(`${Math.round((100 * pose.score[k]!) / 255)} %`);
  return words.filter(Boolean).join(", ");
}

/** A keypoint's name as people say it. */
export const plain = (keypoint: string): string => keypoint.replaceAll("_", " ");

/** "1 frame", "12 frames". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** "left_wrist" as "L wrist". */
export function short(keypoint: string): string {
  return plain(keypoint)
    .replace(/^left /i, "L ")
    .replace(/^right /i, "R ");
}

const clamp = (v: number, low: number, high: number): number => Math.max(low, Math.min(high, v));

function overlap(a: Rect, b: Rect): boolean {
  return a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
}

function pill(g: Context, [x, y, w, h]: Rect, colour: string): void {
  g.beginPath();
  g.roundRect(x, y, w, h, 4);
  g.fillStyle = colour;
  g.fill();
}
