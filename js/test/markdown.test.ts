import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { markdown } from "../src/ui/markdown";

/** Enough of a page to see what would be made: an element as [tag, …children]. */
class Made {
  readonly children: unknown[] = [];
  constructor(readonly tag: string) {}
  setAttribute(): void {}
  append(...children: unknown[]): void {
    this.children.push(...children);
  }
  toJSON(): unknown[] {
    return [this.tag, ...this.children];
  }
}
const made = (text: string): unknown => JSON.parse(JSON.stringify(markdown(text)));

beforeEach(() => vi.stubGlobal("document", { createElement: (tag: string) => new Made(tag) }));
afterEach(() => vi.unstubAllGlobals());

describe("Markdown of guidelines", () => {
  it("has headings, paragraphs, lists and emphasis", () => {
    expect(made("# Who\n\nAll of *them*,\nwith `v` and **more *than* one**.")).toEqual([
      ["h3", "Who"],
      [
        "p",
        "All of ",
        ["em", "them"],
        ", with ",
        ["code", "v"],
        " and ",
        ["strong", "more ", ["em", "than"], " one"],
        ".",
      ],
    ]);
    expect(made("1. **Eight**\n   or more\n2. Blur\n\n- a\n- b")).toEqual([
      ["ol", ["li", ["strong", "Eight"], " or more"], ["li", "Blur"]],
      ["ul", ["li", "a"], ["li", "b"]],
    ]);
    expect(made("## Under\nsome words")).toEqual([
      ["h4", "Under"],
      ["p", "some words"],
    ]);
  });
  it("makes no markup of markup, and no links", () => {
    expect(made("<img src=x onerror=alert(1)> [here](javascript:alert(1))")).toEqual([
      ["p", "<img src=x onerror=alert(1)> ", "here (javascript:alert(1)", ")"],
    ]);
  });
  it("survives what is none", () => {
    for (const odd of ["", "\n\n", "****", "#", "1.", "- ", "```\ncode\n```", "*", "a * b * c"])
      expect(() => made(odd)).not.toThrow();
  });
});
