import { describe, expect, it } from "vitest";
import { paintOf, sided } from "../src/draw/palette";
import { colourIn, PALETTES, type PaletteName, recoloured } from "../src/draw/palettes";
import { personOf, stateOf } from "./fake_model";

/** Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency" (2009). */
const BLINDNESS: Record<string, number[][]> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const times = (m: number[][], v: number[]) => m.map((row) => row.reduce((sum, a, i) => sum + a * v[i]!, 0));
const TO_XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

/** CIE L*a*b* under D65 of "#rrggbb" as it is seen. */
function lab(colour: string, blindness: number[][]): number[] {
  const rgb = [1, 3, 5].map((i) => linear(Number.parseInt(colour.slice(i, i + 2), 16) / 255));
  const seen = times(blindness, rgb).map((v) => Math.min(1, Math.max(0, v)));
  const [x, y, z] = times(TO_XYZ, seen).map((v, i) => {
    const t = v / [0.95047, 1, 1.08883][i]!;
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  }) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const apart = (a: string, b: string, m: number[][]) => Math.hypot(...lab(a, m).map((v, i) => v - lab(b, m)[i]!));

function least(colours: readonly string[], m: number[][]): number {
  let nearest = Infinity;
  colours.forEach((a, i) => {
    for (const b of colours.slice(i + 1)) nearest = Math.min(nearest, apart(a, b, m));
  });
  return nearest;
}

describe("palettes", () => {
  it.each(["okabe", "tol", "ibm"] as const)("%s can be told apart with every kind of colour vision", (name) => {
    for (const [kind, m] of Object.entries(BLINDNESS))
      expect([kind, least(PALETTES[name].colours, m) > 8]).toEqual([kind, true]);
  });

  it("blue and orange sides can be told apart as well, and from each other more than people are", () => {
    const { left, right } = sided(paintOf("#ffaa14"));
    for (const m of Object.values(BLINDNESS)) expect(apart(left, right, m)).toBeGreaterThan(40);
  });

  it("give a person the same colour always, and neighbours different ones", () => {
    for (const name of Object.keys(PALETTES) as PaletteName[]) {
      expect(colourIn(name, 11)).toBe(colourIn(name, 11));
      if (name !== "standard" && name !== "white") expect(colourIn(name, 3)).not.toBe(colourIn(name, 4));
    }
    expect(colourIn("ibm", 7)).toBe(PALETTES.ibm.colours[2]);
  });

  it("leave the kernel's own as they are", () => {
    const state = stateOf({ people: [personOf(1)] });
    expect(recoloured(state, "standard")).toBe(state);
    expect(recoloured(state, "white")!.people[0]!.colour).toBe("#ffffff");
    expect(recoloured(null, "white")).toBeNull();
  });
});
