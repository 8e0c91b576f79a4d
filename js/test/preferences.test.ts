import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cleaned, DEFAULTS, Preferences } from "../src/preferences";

class Page extends EventTarget {
  readonly kept = new Map<string, string>();
  readonly localStorage = {
    getItem: (name: string) => this.kept.get(name) ?? null,
    setItem: (name: string, text: string) => {
      this.kept.set(name, text);
    },
  };
}
let page: Page;

beforeEach(() => {
  page = new Page();
  vi.stubGlobal("window", page);
  vi.stubGlobal("StorageEvent", class extends Event {});
});
afterEach(() => vi.unstubAllGlobals());

describe("wishes", () => {
  it("are there again in the next editor, and in those that are open", () => {
    const one = new Preferences();
    const two = new Preferences();
    one.set({ brightness: 1.5, palette: "tol", keys: { flip: ["F9"] } });
    const same = { ...DEFAULTS, brightness: 1.5, palette: "tol", keys: { flip: ["F9"] } };
    expect(two.wishes.value).toEqual(same);
    expect(new Preferences().wishes.value).toEqual(same);
    two.close();
    one.set({ brightness: 1 });
    expect(two.wishes.value.brightness).toBe(1.5);
  });

  it("hold as long as the page is open where nothing may be stored", () => {
    page.localStorage.setItem = () => {
      throw new Error("SecurityError");
    };
    const one = new Preferences();
    const two = new Preferences();
    one.set({ contrast: 2 });
    expect([one.wishes.value.contrast, two.wishes.value.contrast]).toEqual([2, 2]);
  });

  it("keep the keys' table while only looks change", () => {
    const one = new Preferences();
    one.set({ keys: { flip: ["F9"] } });
    const { keys } = one.wishes.value;
    one.set({ opacity: 0.5 });
    expect(one.wishes.value.keys).toBe(keys);
  });

  it("from a broken store are as at first", () => {
    page.kept.set("impose-widget", "{broken");
    expect(new Preferences().wishes.value).toEqual(DEFAULTS);
    const odd = {
      brightness: 99,
      contrast: "1",
      opacity: Number.NaN,
      size: -1,
      palette: "toString",
      sides: 3,
      keys: [],
    };
    expect(cleaned(odd)).toEqual({ ...DEFAULTS, brightness: 2.5, size: 0.5 });
  });
});
