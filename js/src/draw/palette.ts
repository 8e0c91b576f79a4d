/** Colours of people and of their sides, as the pictures that Python makes have them: left lighter, right darker. */

import type { Skeleton } from "../protocol";

export type Side = "left" | "middle" | "right";
export interface Paint {
  middle: string;
  left: string;
  right: string;
  ink: string; // readable on `middle`
  faint: string; // `middle`, see-through
}

const WHITE = [255, 255, 255] as const;
const DARK = [18, 20, 26] as const;
const cache = new Map<string, Paint>();

/** The paints of a person, from the colour "#rrggbb" that the kernel gave them. */
export function paintOf(colour: string): Paint {
  let paint = cache.get(colour);
  if (!paint) {
    const rgb = parse(colour);
    const light = 0.299 * rgb[0]! + 0.587 * rgb[1]! + 0.114 * rgb[2]! > 120;
    paint = {
      middle: css(rgb),
      left: css(mix(rgb, WHITE, 0.5)),
      right: css(mix(rgb, DARK, 0.42)),
      ink: css(light ? DARK : WHITE),
      faint: css(rgb, 0.25),
    };
    cache.set(colour, paint);
  }
  return paint;
}

/** The same person with the left in blue and the right in orange, which all kinds of colour vision tell apart. */
export function sided(paint: Paint): Paint {
  return { ...paint, left: "#56b4e9", right: "#e69f00" };
}

export const SCHEMES = ["shade", "colour", "keypoint"] as const;
/** What the colours of a skeleton tell: whose it is, with the sides lighter and darker; the sides; each keypoint. */
export type Scheme = (typeof SCHEMES)[number];
export interface Inks {
  keypoint(k: number): string;
  limb(b: number, side: Side): string; // that ends at keypoint b
}

export function inksOf(paint: Paint, sides: readonly Side[], scheme: Scheme): Inks {
  if (scheme === "keypoint") return { keypoint: hue, limb: hue };
  const own = scheme === "colour" ? sided(paint) : paint;
  return { keypoint: (k) => own[sides[k]!], limb: (_, side) => own[side] };
}

/** A colour for each keypoint, far from those of its neighbours in the list: the golden angle apart. */
const hue = (k: number): string => `hsl(${Math.round(k * 137.5) % 360} 90% 64%)`;

/** The side of each keypoint: by its name where that says it, else by its place in a left/right pair. */
export function sidesOf(skeleton: Skeleton): Side[] {
  const out: Side[] = skeleton.keypoints.map(() => "middle");
  for (const [a, b] of skeleton.flip_pairs) {
    const name = (k: number) => skeleton.keypoints[k]!.toLowerCase();
    const swapped = name(a).includes("right") || name(b).includes("left");
    out[a] = swapped ? "right" : "left";
    out[b] = swapped ? "left" : "right";
  }
  return out;
}

/** The side of a limb: of both its ends, or of the one that has a side; across the body it is the middle. */
export function edgeSide(a: Side, b: Side): Side {
  if (a === b) return a;
  if (a === "middle") return b;
  return b === "middle" ? a : "middle";
}

function parse(colour: string): readonly number[] {
  const digits = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  return digits ? [0, 2, 4].map((i) => Number.parseInt(digits.slice(i, i + 2), 16)) : [200, 200, 205];
}

function mix(a: readonly number[], b: readonly number[], share: number): number[] {
  return a.map((v, i) => Math.round(v + (b[i]! - v) * share));
}

function css(rgb: readonly number[], alpha = 1): string {
  return alpha === 1 ? `rgb(${rgb.join(" ")})` : `rgb(${rgb.join(" ")} / ${alpha})`;
}
