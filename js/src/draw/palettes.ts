/** Which colours people have: the kernel's, or others that somebody sees better. */

import type { State } from "../protocol";

/**
 * Okabe and Ito, "Color Universal Design" (2008), without black, which is lost on dark pictures; Paul Tol, "Colour
 * Schemes" (2021), bright; IBM Design Library's palette for colour blindness. test/palettes.test.ts looks at them with
 * each kind of colour blindness.
 */
export const PALETTES = {
  standard: { words: "Standard", colours: null },
  okabe: {
    words: "Okabe and Ito",
    colours: ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"],
  },
  tol: {
    words: "Tol, bright",
    colours: ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb"],
  },
  ibm: { words: "IBM, five colours", colours: ["#648fff", "#ffb000", "#dc267f", "#fe6100", "#785ef0"] },
  white: { words: "White: numbers only", colours: ["#ffffff"] },
} as const satisfies Record<string, { words: string; colours: readonly string[] | null }>;

export type PaletteName = keyof typeof PALETTES;

/** The colour of a person; null: the one that the kernel gave. */
export function colourIn(palette: PaletteName, track_id: number): string | null {
  const colours: readonly string[] | null = PALETTES[palette].colours;
  return colours && colours[((track_id % colours.length) + colours.length) % colours.length]!;
}

/** What the kernel says, with people in the colours that were chosen. */
export function recoloured(state: State | null, palette: PaletteName): State | null {
  if (state === null || PALETTES[palette].colours === null) return state;
  const people = state.people.map((p) => ({ ...p, colour: colourIn(palette, p.track_id) ?? p.colour }));
  return { ...state, people };
}
