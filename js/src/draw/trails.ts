/** Draws the paths of keypoints: what was is warm, what comes is cool, both fade with their distance in time. */

import { toScreen } from "../camera";
import type { Trail } from "../trails";
import { anchorPath, type Context, paintAnchors } from "./anchor";
import type { Scene } from "./skeleton";

const STEPS = 5; // of fading

export function drawTrails(g: Context, scene: Scene): void {
  const alone = scene.trails.length === 1;
  g.save();
  g.lineCap = g.lineJoin = "round";
  for (const trail of scene.trails) drawTrail(g, scene, trail, alone);
  g.restore();
}

function drawTrail(g: Context, scene: Scene, trail: Trail, alone: boolean): void {
  const points = trail.points.map((p) => p && toScreen(scene.camera, p));
  const { here } = trail;
  for (const [way, colour] of [
    [-1, "255 178 125"],
    [1, "134 205 255"],
  ] as const) {
    const reach = way < 0 ? here : points.length - 1 - here;
    for (let step = STEPS; step >= 1; step--) {
      const [near, far] = [Math.round(((step - 1) * reach) / STEPS), Math.round((step * reach) / STEPS)];
      const alpha = (alone ? 0.95 : 0.7) * (1 - (0.8 * (step - 1)) / STEPS);
      path(g, points, here + way * near, here + way * far);
      g.strokeStyle = `rgb(12 14 20 / ${0.5 * alpha})`;
      g.lineWidth = alone ? 3.8 : 3;
      g.stroke();
      g.strokeStyle = g.fillStyle = `rgb(${colour} / ${alpha})`;
      g.lineWidth = alone ? 2.2 : 1.6;
      g.stroke();
      if (alone) dots(g, points, here + way * near, here + way * far);
    }
  }
  for (const i of trail.anchors) {
    const [x, y] = points[i]!;
    g.beginPath();
    anchorPath(g, x, y, 3.6);
    paintAnchors(g, 1);
  }
}

function path(g: Context, points: readonly ([number, number] | null)[], from: number, to: number): void {
  g.beginPath();
  let open = false;
  for (let i = Math.min(from, to); i <= Math.max(from, to); i++) {
    const p = points[i];
    if (p && open) g.lineTo(p[0], p[1]);
    else if (p) g.moveTo(p[0], p[1]);
    open = p !== null;
  }
}

function dots(g: Context, points: readonly ([number, number] | null)[], from: number, to: number): void {
  g.beginPath();
  for (let i = Math.min(from, to); i <= Math.max(from, to); i++) {
    const p = points[i];
    if (!p) continue;
    g.moveTo(p[0] + 2.2, p[1]);
    g.arc(p[0], p[1], 2.2, 0, 7);
  }
  g.fill();
}
