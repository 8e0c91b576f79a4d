/** What a person wants of the editor: how things look, and which keys do what. Kept in this browser, for every video. */

import { type Signal, signal } from "@preact/signals-core";
import { SCHEMES, type Scheme } from "./draw/palette";
import { PALETTES, type PaletteName } from "./draw/palettes";
import { type Changes, cleanChanges } from "./keymap";

export interface Wishes {
  brightness: number; // of the picture; 1: as it is
  contrast: number;
  opacity: number; // of skeletons, 0 to 1
  size: number; // of their keypoints and limbs; 1: as drawn first
  palette: PaletteName;
  sides: Scheme; // what colours of skeletons tell
  magnifier: "touch" | "always" | "never";
  keys: Changes;
  welcomed: boolean; // the first steps were shown, or sent away
}

export const DEFAULTS: Wishes = {
  brightness: 1,
  contrast: 1,
  opacity: 1,
  size: 1,
  palette: "standard",
  sides: "shade",
  magnifier: "touch",
  keys: {},
  welcomed: false,
};
/** The least and the most of what is a number. */
export const LIMITS = { brightness: [0.4, 2.5], contrast: [0.4, 2.5], opacity: [0.15, 1], size: [0.5, 2] } as const;
export type Dial = keyof typeof LIMITS;

const NAME = "impose-widget"; // in the browser's storage, and of the event that tells other widgets on the page

export class Preferences {
  readonly wishes: Signal<Wishes>;

  constructor() {
    this.wishes = signal(cleaned(stored()));
    globalThis.window?.addEventListener("storage", this.heard);
    globalThis.window?.addEventListener(NAME, this.heard);
  }

  /** Changes some of them, here and in every other editor of this browser. */
  set(change: Partial<Wishes>): void {
    const before = this.wishes.value;
    const checked = cleaned({ ...before, ...change });
    const now = change.keys ? checked : { ...checked, keys: before.keys };
    this.wishes.value = now;
    const text = JSON.stringify(now);
    try {
      globalThis.window?.localStorage.setItem(NAME, text);
    } catch {
      // A page that may store nothing: they hold as long as it is open.
    }
    globalThis.window?.dispatchEvent(new CustomEvent(NAME, { detail: text }));
  }

  close(): void {
    globalThis.window?.removeEventListener("storage", this.heard);
    globalThis.window?.removeEventListener(NAME, this.heard);
  }

  private readonly heard = (event: Event): void => {
    const text = event instanceof StorageEvent ? (event.key === NAME ? event.newValue : null) : detailOf(event);
    if (text !== null && text !== JSON.stringify(this.wishes.value)) this.wishes.value = cleaned(parsed(text));
  };
}

const detailOf = (event: Event): string | null => String((event as CustomEvent<string>).detail);

function stored(): unknown {
  try {
    return parsed(globalThis.window?.localStorage.getItem(NAME) ?? "");
  } catch {
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Wishes from whatever was stored: what cannot be is as it was at first. */
export function cleaned(stored: unknown): Wishes {
  const given = (typeof stored === "object" && stored !== null ? stored : {}) as Record<string, unknown>;
  const number = (name: Dial) => {
    const [least, most] = LIMITS[name];
    const value = given[name];
    return typeof value === "number" && Number.isFinite(value)
      ? Math.min(most, Math.max(least, value))
      : DEFAULTS[name];
  };
  const one = <T extends string>(value: unknown, of: readonly T[], first: T): T =>
    of.includes(value as T) ? (value as T) : first;
  return {
    brightness: number("brightness"),
    contrast: number("contrast"),
    opacity: number("opacity"),
    size: number("size"),
    palette: one(given.palette, Object.keys(PALETTES) as PaletteName[], DEFAULTS.palette),
    sides: one(given.sides, SCHEMES, DEFAULTS.sides),
    magnifier: one(given.magnifier, ["touch", "always", "never"], DEFAULTS.magnifier),
    keys: cleanChanges(given.keys),
    welcomed: given.welcomed === true,
  };
}
