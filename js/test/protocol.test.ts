/** The messages: both languages read the same examples, and an example of every kind is there. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodePoses, encodePoses, isAnchor, sourceOf, visibilityOf } from "../src/codec";
import { type Action, VERSION } from "../src/protocol";
import { EDITS, fault, MESSAGES, parse, REQUESTS } from "../src/shapes";
import { rowsOf } from "./setup";

interface Case {
  name: string;
  direction: "request" | "answer" | "broadcast";
  content: Record<string, unknown> & { kind: string };
  buffers: { length: number; base64: string }[];
}
const FOLDER = new URL("../../tests/protocol/cases/", import.meta.url);
const CASES: Case[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) }));
const named = (name: string): Case => CASES.find((c) => c.name === `${name}.json`)!;
const buffersOf = (c: Case): DataView[] =>
  c.buffers.map((b) => {
    // As they come: somewhere in a larger piece of memory, on no particular boundary.
    const bytes = Buffer.from(b.base64, "base64");
    const memory = new Uint8Array(bytes.length + 3);
    memory.set(bytes, 3);
    return new DataView(memory.buffer, 3, bytes.length);
  });

describe("examples that the kernel's tests read as well", () => {
  it.each(CASES.map((c) => [c.name, c] as const))("%s is a message of this version", (_, c) => {
    expect(fault(c.content, c.direction === "request" ? REQUESTS : MESSAGES)).toBeNull();
    expect(buffersOf(c).map((b) => b.byteLength)).toEqual(c.buffers.map((b) => b.length));
  });

  it("there is one of every kind, and none of another", () => {
    const kinds = (requests: boolean) =>
      [...new Set(CASES.filter((c) => (c.direction === "request") === requests).map((c) => c.content.kind))].sort();
    expect(kinds(true)).toEqual(Object.keys(REQUESTS).sort());
    expect(kinds(false)).toEqual(Object.keys(MESSAGES).sort());
  });

  it("a message that answers has rid and client, one that tells has neither", () => {
    for (const c of CASES) expect([c.name, "rid" in c.content]).toEqual([c.name, c.direction !== "broadcast"]);
  });

  it("edits have the arguments of their calls and no others", () => {
    const edits = CASES.filter((c) => c.content.kind === "edit");
    expect(edits.length).toBeGreaterThan(2);
    for (const c of edits) {
      const shape = EDITS[c.content.action as Action];
      const args = c.content.args as Record<string, unknown>;
      expect(Object.keys(args).sort()).toEqual(Object.keys(shape).sort());
      for (const [name, check] of Object.entries(shape))
        expect([c.name, name, check(args[name])]).toEqual([c.name, name, true]);
    }
  });

  it("poses mean the same on both sides", () => {
    const c = named("poses");
    const rows = decodePoses(buffersOf(c), 2, 2);
    expect([...rows.who]).toEqual([22, 3, 23, 3]);
    expect([...rows.xy]).toEqual([397, 60.5, Number.NaN, Number.NaN, 398.25, 61, 12, -0.5]);
    expect([...rows.score]).toEqual([255, 0, 128, 51]);
    expect([visibilityOf, sourceOf, isAnchor].map((f) => f(rows.flags[0]!))).toEqual([2, 4, true]);
    expect([visibilityOf, sourceOf, isAnchor].map((f) => f(rows.flags[2]!))).toEqual([2, 1, false]);
    expect([...rows.box.subarray(0, 4)]).toEqual([300, 40, 120, 220]);
    expect([...rows.marks]).toEqual([5, 2]);
    const bytes = (views: readonly DataView[]) =>
      views.map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("hex"));
    expect(bytes(encodePoses(rows))).toEqual(bytes(buffersOf(c)));
  });

  it("times come as one number a frame, of which there are some", () => {
    const [times] = buffersOf(named("welcome"));
    expect(times!.byteLength % 8).toBe(0);
    expect(times!.getFloat64(8, true)).toBeCloseTo(1 / 15);
  });
});

describe("what is no message", () => {
  it.each([
    [null],
    [[]],
    [{}],
    [{ kind: 3 }],
    [{ kind: "explode" }],
    [{ kind: "toString" }],
    [{ kind: "ok", rid: 1.5, client: "a" }],
    [{ kind: "progress", job: 1, what: "propagate", done: "3", total: 4, text: "" }],
    [{ kind: "go", frame: null, track_id: 3 }],
  ])("%j is refused in a sentence", (content) => {
    expect(() => parse(content)).toThrow(new RegExp(`Expected a message of protocol ${VERSION}, got `));
  });

  it("buffers of another size are refused", () => {
    const rows = encodePoses(rowsOf([{ frame: 0, track_id: 1, xy: [[1, 2], null, [3, 4]] }]));
    expect(() => decodePoses(rows, 2, 3)).toThrow(/Expected pose buffers of 16, 48/);
    expect(() => decodePoses(rows.slice(1), 1, 3)).toThrow(/Expected pose buffers/);
    expect(decodePoses(rows, 1, 3).xy[4]).toBe(3);
    expect(decodePoses(encodePoses(rowsOf([])), 0, 3).n).toBe(0);
  });
});
