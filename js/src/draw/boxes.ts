/** Boxes: solid where a human put them, dashed where they follow a reading or the keypoints. */

import { type Box, HANDLES, handleAt } from "../boxes";
import { type Camera, toScreen } from "../camera";
import { BOX_ANCHOR } from "../codec";
import { bounds, type Pose } from "../poses";
import type { Context } from "./anchor";

const HANDLE = 3.5; // half its width, CSS pixels

export function drawBox(g: Context, camera: Camera, [x, y, w, h]: Box, colour: string, dash: number[], width: number) {
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

/** The box of a person while boxes are shown; with handles if it can be taken. */
export function drawBodyBox(g: Context, camera: Camera, pose: Pose, colour: string, handles: boolean): void {
  const box = bounds(pose);
  if (!box) return;
  drawBox(g, camera, box, colour, pose.marks & BOX_ANCHOR ? [] : [5, 4], 1.5);
  if (!handles) return;
  g.lineWidth = 1.5;
  g.fillStyle = "#fff";
  g.strokeStyle = colour;
  g.beginPath();
  for (const part of HANDLES) {
    const [x, y] = toScreen(camera, handleAt(box, part));
    g.rect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
  }
  g.fill();
  g.stroke();
}
