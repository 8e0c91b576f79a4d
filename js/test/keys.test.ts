import { describe, expect, it } from "vitest";
import { Keymap } from "../src/keymap";
import { chordOf, KEYS, type KeyLike, readable } from "../src/keys";

const map = new Keymap();
const press = (key: string, rest: Partial<KeyLike> = {}): string =>
  chordOf({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...rest });

describe("the table of keys", () => {
  it("gives each key one meaning, and each meaning words", () => {
    const chords = KEYS.flatMap((e) => e.keys);
    expect(new Set(chords).size).toBe(chords.length);
    expect(new Set(KEYS.map((e) => e.command)).size).toBe(KEYS.length);
    for (const e of KEYS) {
      expect(e.words.length).toBeGreaterThan(3);
      expect(e.keys.length).toBeGreaterThan(0);
    }
  });

  it("takes none that a browser keeps for itself, nor Tab", () => {
    const taken = KEYS.flatMap((e) => e.keys);
    for (const chord of ["Tab", "Shift+Tab", "Ctrl+W", "Ctrl+T", "Ctrl+N", "Ctrl+Q", "F5", "Ctrl+R", "Ctrl+C"])
      expect(taken).not.toContain(chord);
  });

  it("has the keys that its users know", () => {
    const known: Record<string, string> = {
      D: "previous frame",
      ArrowRight: "next frame",
      V: "on ten",
      Space: "play",
      "[": "previous person",
      "]": "next person",
      Q: "visibility",
      G: "propagate forward",
      "Shift+G": "propagate backward",
      X: "swap",
      Delete: "delete here",
      "Shift+Delete": "delete onwards",
      "Ctrl+Z": "undo",
      "Ctrl+Shift+Z": "redo",
      "?": "help",
      Escape: "escape",
    };
    for (const [chord, command] of Object.entries(known))
      expect([chord, map.commandOf(chord)]).toEqual([chord, command]);
    expect(map.commandOf("5")).toBeUndefined();
  });
});

describe("what is pressed", () => {
  it("letters count as the layout has them, with or without capitals", () => {
    expect(press("d", { code: "KeyD" })).toBe("D");
    expect(press("D", { code: "KeyD", shiftKey: true })).toBe("Shift+D");
    expect(press("q", { code: "KeyA" })).toBe("Q"); // AZERTY
  });
  it("on layouts without Latin letters the place counts", () => {
    expect(press("в", { code: "KeyD" })).toBe("D");
    expect(press("©", { code: "KeyG", altKey: true })).toBe("Alt+G");
  });
  it("symbols are themselves, whatever they need on a layout", () => {
    expect(press("?", { code: "Slash", shiftKey: true })).toBe("?");
    expect(press("[", { code: "Digit8", ctrlKey: true, altKey: true, getModifierState: (n) => n === "AltGraph" })).toBe(
      "[",
    );
    expect(press("+", { code: "Equal", shiftKey: true })).toBe("+");
  });
  it("digits of both blocks", () => {
    expect(press("3", { code: "Digit3" })).toBe("3");
    expect(press("3", { code: "Numpad3" })).toBe("3");
  });
  it("Ctrl and Cmd are one", () => {
    expect(press("z", { code: "KeyZ", metaKey: true })).toBe("Ctrl+Z");
    expect(press("Z", { code: "KeyZ", ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+Z");
    expect(press(" ", { code: "Space" })).toBe("Space");
    expect(press("ArrowLeft", { code: "ArrowLeft", altKey: true, shiftKey: true })).toBe("Alt+Shift+ArrowLeft");
  });
});

describe("how keys read", () => {
  it("is short", () => {
    expect([readable("Shift+ArrowLeft"), readable("Delete"), readable("+"), readable("Ctrl+Z")]).toEqual([
      "Shift+←",
      "Del",
      "+",
      "Ctrl+Z",
    ]);
    expect([map.keyOf("undo"), map.keyOf("stop")]).toEqual(["Ctrl+Z", ""]);
  });
});
