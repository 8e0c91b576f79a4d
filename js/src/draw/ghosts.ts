/** Draws poses of another time or another state: thin, so that they are not taken for what is there. */

import type { Ghost } from "../ghosts";
import { placed } from "../poses";
import type { Context } from "./anchor";
import { paintOf } from "./palette";
import { layout, project, type Scene, strokeEdges } from "./skeleton";

const APART = 3; // CSS pixels from which on a line leads from one to the other
const SHADE = "rgb(12 14 20 / 0.55)";

export function drawGhosts(g: Context, scene: Scene): void {
  for (const ghost of scene.ghosts) drawGhost(g, scene, ghost);
}

function drawGhost(g: Context, scene: Scene, { pose, tint, alpha, dashed, to }: Ghost): void {
  const colour = tint ?? paintOf(scene.colour(pose.track_id)).left;
  const points = project(scene.camera, pose);
  const known = layout(scene.skeleton).edges.filter(({ a, b }) => placed(pose, a) && placed(pose, b));
  g.save();
  g.globalAlpha = scene.focus && pose.track_id !== scene.selected ? alpha * 0.35 : alpha;
  g.lineCap = dashed ? "butt" : "round";
  for (const [width, style] of [
    [3.6, SHADE],
    [1.8, colour],
  ] as const) {
    g.lineWidth = width;
    g.strokeStyle = style;
    g.setLineDash(dashed ? [5, 4] : []);
    strokeEdges(g, known, points);
  }
  g.setLineDash([]);
  if (to) drawShifts(g, points, project(scene.camera, to));
  g.fillStyle = colour;
  g.beginPath();
  for (let k = 0; k < pose.flags.length; k++) {
    if (!placed(pose, k)) continue;
    const [x, y] = [points[2 * k]!, points[2 * k + 1]!];
    g.moveTo(x + 2.2, y);
    g.arc(x, y, 2.2, 0, 7);
  }
  g.fill();
  g.restore();
}

/** Where each keypoint went. */
function drawShifts(g: Context, from: Float32Array, to: Float32Array): void {
  g.beginPath();
  for (let i = 0; i < from.length; i += 2) {
    const [dx, dy] = [to[i]! - from[i]!, to[i + 1]! - from[i + 1]!];
    if (!(Math.hypot(dx, dy) > APART)) continue;
    g.moveTo(from[i]!, from[i + 1]!);
    g.lineTo(to[i]!, to[i + 1]!);
  }
  g.lineWidth = 1.2;
  g.strokeStyle = "rgb(255 255 255 / 0.9)";
  g.stroke();
}
