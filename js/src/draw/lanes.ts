/** Lanes as small pictures, a pixel for each part of the time: panning only copies them. */

import { CARRIED, FILLED, type LaneTable, WAITING } from "../lanes";
import { type TimeSpan, xOf } from "../timespan";
import type { Context } from "./anchor";

/** From unsure to sure: orange to blue, which most eyes tell apart. */
const RAMP: readonly (readonly [at: number, r: number, g: number, b: number])[] = [
  [0, 200, 55, 20],
  [0.2, 226, 88, 34],
  [0.4, 240, 170, 60],
  [0.58, 150, 190, 215],
  [0.85, 62, 128, 178],
  [1, 40, 105, 160],
];
const BELOW = { [WAITING]: [255, 176, 32], [CARRIED]: [150, 90, 235], [FILLED]: [130, 140, 155] } as const;

/** The colour (r, g, b) of how sure a pose is, 0 to 1. */
export function sureColour(sure: number): [number, number, number] {
  const next = Math.max(
    1,
    RAMP.findIndex(([at]) => at >= sure),
  );
  const [a, b] = [RAMP[next - 1]!, RAMP[next]!];
  const share = Math.min(1, Math.max(0, (sure - a[0]) / (b[0] - a[0])));
  return [1, 2, 3].map((i) => Math.round(a[i]! + (b[i]! - a[i]!) * share)) as [number, number, number];
}

const COLOURS = Uint32Array.from({ length: 256 }, (_, v) => (v === 0 ? 0 : packed(sureColour((v - 1) / 254))));

/** RGBA as it lies in the memory of a picture. */
function packed([r, g, b]: readonly [number, number, number]): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

const UNDER = Uint32Array.from({ length: 32 }, (_, bits) => {
  const kind = [WAITING, CARRIED, FILLED].find((k) => bits & k);
  return kind === undefined ? 0 : packed(BELOW[kind as keyof typeof BELOW]);
});

const pictures = new WeakMap<LaneTable, OffscreenCanvas>();

/** Two rows a person: how sure, and what is to be drawn below it. */
function pictureOf(table: LaneTable): OffscreenCanvas {
  let canvas = pictures.get(table);
  if (canvas) return canvas;
  const { bins, sure, marks } = table;
  const n = table.track_ids.length;
  canvas = new OffscreenCanvas(Math.max(1, bins), Math.max(1, 2 * n));
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < n; row++)
    for (let bin = 0; bin < bins; bin++) {
      const at = row * bins + bin;
      pixels[2 * row * bins + bin] = COLOURS[sure[at]!]!;
      pixels[(2 * row + 1) * bins + bin] = UNDER[marks[at]! & 31]!;
    }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  pictures.set(table, canvas);
  return canvas;
}

/** One lane of the frames [from, to), at a height; the last two pixels are for what is below. */
export function drawLane(
  g: Context,
  table: LaneTable,
  row: number,
  [from, to]: readonly [number, number],
  place: { time: TimeSpan; left: number; width: number; y: number; height: number },
): void {
  const { time, left, width, y, height } = place;
  const [a, b] = [Math.max(from, table.first, time.first), Math.min(to, table.stop, time.first + time.span)];
  if (b <= a) return;
  const per = table.bins / (table.stop - table.first);
  const [sx, sw] = [(a - table.first) * per, (b - a) * per];
  const dx = left + xOf(a, time, width);
  const dw = left + xOf(b, time, width) - dx;
  const picture = pictureOf(table);
  g.drawImage(picture, sx, 2 * row, sw, 1, dx, y, dw, height - 2);
  g.drawImage(picture, sx, 2 * row + 1, sw, 1, dx, y + height - 2, dw, 2);
}
