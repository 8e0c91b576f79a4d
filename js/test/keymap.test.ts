import { describe, expect, it } from "vitest";
import { type Changes, cleanChanges, FIXED, Keymap, refusal, resetRefusal, withKey, without } from "../src/keymap";
import { KEYS } from "../src/keys";
import { random } from "./random";

describe("one's own keys", () => {
  it("take the place of those in the table", () => {
    const changes = withKey({}, "propagate forward", "G", "F9");
    const map = new Keymap(changes);
    expect([map.commandOf("F9"), map.commandOf("G"), map.keyOf("propagate forward")]).toEqual([
      "propagate forward",
      undefined,
      "F9",
    ]);
    expect(map.commandOf("Shift+G")).toBe("propagate backward");
  });

  it("may be more than one, or none", () => {
    expect(withKey({}, "help", null, "F1")).toEqual({ help: ["?", "F1"] });
    const none = withKey({}, "help", "?", null);
    expect([new Keymap(none).keyOf("help"), new Keymap(none).commandOf("?")]).toEqual(["", undefined]);
  });

  it("put back as they were are no change", () => {
    const changed = withKey({}, "next frame", "F", "F9");
    expect(withKey(changed, "next frame", "F9", "F")).toEqual({});
    expect(without(changed, "next frame")).toEqual({});
  });
});

describe("a key that cannot be", () => {
  it("is refused with the other meaning, in words", () => {
    expect(refusal({}, "flip", "G")).toMatch(/^G already does something: propagate corrections forward/);
    expect(refusal({}, "flip", "L")).toBeNull();
    expect(refusal({}, "flip", "Ctrl+W")).toMatch(/belongs to the browser/);
    expect(refusal({}, "flip", "7")).toMatch(/selects person 7/);
    for (const chord of ["Tab", "Space", "Enter", "Escape"])
      expect(refusal({}, "flip", chord)).toMatch(/choose another/);
    for (const command of FIXED) expect(refusal({}, command, "F9")).toMatch(/stays/);
  });

  it("is free once the other command has let go of it", () => {
    const changes = withKey({}, "propagate forward", "G", "F9");
    expect(refusal(changes, "flip", "G")).toBeNull();
    const taken = withKey(changes, "flip", "L", "G");
    expect(resetRefusal(taken, "propagate forward")).toMatch(/^G already does something: exchange left and right/);
    expect(resetRefusal(taken, "flip")).toBeNull();
  });
});

describe("whatever is done", () => {
  it("a key has one meaning, and what is stored reads the same", () => {
    const next = random(7);
    for (let round = 0; round < 60; round++) {
      let changes: Changes = {};
      for (let i = 0; i < 12; i++) {
        const { command } = KEYS[Math.floor(next() * KEYS.length)]!;
        const keys = new Keymap(changes).keysOf(command);
        const old = next() < 0.7 && keys.length > 0 ? keys[0]! : null;
        const chord = next() < 0.2 ? null : `${next() < 0.3 ? "Shift+" : ""}${"ABCDEFGXYZ"[Math.floor(next() * 10)]}`;
        if (FIXED.has(command) || (chord !== null && refusal(changes, command, chord))) continue;
        changes = withKey(changes, command, old, chord);
      }
      const all = KEYS.flatMap(({ command }) => new Keymap(changes).keysOf(command));
      expect(new Set(all).size).toBe(all.length);
      expect(cleanChanges(JSON.parse(JSON.stringify(changes)))).toEqual(changes);
    }
  });

  it("what was stored and makes no sense is left out", () => {
    const stored = { flip: ["G"], help: "?", nonsense: ["F9"], "next frame": ["F9"], play: ["P"], names: [3] };
    expect(cleanChanges(stored)).toEqual({ "next frame": ["F9"] });
    for (const bad of [null, 3, "x", [], undefined]) expect(cleanChanges(bad)).toEqual({});
  });
});
