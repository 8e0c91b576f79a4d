/** Questions asked before identities change: what will happen, to whom, and where. Pure. */

import type { Action, Edits, Person, Scope, Span, State } from "./protocol";

export type PromptKind = "swap" | "merge" | "assign" | "split" | "delete";
export interface Prompt {
  kind: PromptKind;
  frame: number;
  track_id: number;
  other: number | "new" | null;
  scope: Scope | Span;
}

export const SCOPES: Record<PromptKind, readonly Scope[]> = {
  swap: ["onwards", "frame", "backwards", "all"],
  assign: ["onwards", "frame", "backwards", "all"],
  delete: ["frame", "onwards", "backwards", "all"],
  merge: [],
  split: [],
};

export const SCOPE_WORDS: Record<Scope, string> = {
  onwards: "from here on",
  frame: "this frame",
  backwards: "up to here",
  all: "everywhere",
};

export const VERBS: Record<PromptKind, string> = {
  swap: "Swap",
  merge: "Merge",
  assign: "Reassign",
  split: "Split",
  delete: "Delete",
};

export const needsOther = (kind: PromptKind): boolean => kind === "swap" || kind === "merge" || kind === "assign";

/** The question. */
export function title(prompt: Prompt): string {
  const who = `person ${prompt.track_id}`;
  switch (prompt.kind) {
    case "swap":
      return `Swap ${who} with…`;
    case "merge":
      return `Merge into ${who}…`;
    case "assign":
      return `Who is ${who} really?`;
    case "split":
      return `Split ${who} at frame ${prompt.frame}?`;
    case "delete":
      return `Delete ${who}?`;
  }
}

/** Words for where. */
export const scopeWords = (scope: Scope | Span): string =>
  typeof scope === "string" ? SCOPE_WORDS[scope] : `frames ${scope[0]}–${scope[1]}`;

/** What will happen, in one sentence; what is missing, while something is. */
export function explanation(prompt: Prompt, people: readonly Person[]): string {
  const { other, track_id, frame } = prompt;
  if (needsOther(prompt.kind) && other === null)
    return "Click a person in the picture or in the list, or type a number.";
  const where = extent(prompt, people);
  switch (prompt.kind) {
    case "swap":
      return `${track_id} becomes ${other} and ${other} becomes ${track_id}, ${where}.`;
    case "merge":
      return `Everything of person ${other} becomes person ${track_id}'s; where both are, ${track_id} stays.`;
    case "assign":
      return other === "new"
        ? `A new person takes over, ${where}.`
        : `${track_id} becomes ${other}, ${where}; if ${other} is there too, the two are exchanged.`;
    case "split":
      return `Before frame ${frame} it stays person ${track_id}; from there on it is a new person.`;
    case "delete":
      return prompt.scope === "all" ? "The whole track goes." : `They are taken out ${where}.`;
  }
}

function extent(prompt: Prompt, people: readonly Person[]): string {
  const ids = [prompt.track_id, prompt.other];
  const first = Math.min(...people.filter((p) => ids.includes(p.track_id)).map((p) => p.first));
  const last = Math.max(...people.filter((p) => ids.includes(p.track_id)).map((p) => p.last));
  const { frame } = prompt;
  const told = prompt.kind === "delete" ? "" : ", or as far as you have not said who is who";
  if (typeof prompt.scope !== "string") return `in frames ${prompt.scope[0]} to ${prompt.scope[1]}`;
  switch (prompt.scope) {
    case "frame":
      return `in frame ${frame}`;
    case "onwards":
      return `in frames ${frame} to ${Math.max(frame, last)}${told}`;
    case "backwards":
      return `in frames ${Math.min(frame, first)} to ${frame}${told}`;
    case "all":
      return `in frames ${first} to ${last}`;
  }
}

/** The edit that a complete question stands for; null while something is missing. */
export function editOf(prompt: Prompt, state: State): { [A in Action]: [A, Edits[A]] }[Action] | null {
  const { kind, frame, track_id, scope } = prompt;
  const other = prompt.other === "new" ? state.next_track_id : prompt.other;
  if (kind === "split") return ["split", { track_id, frame }];
  if (kind === "delete") return ["delete", { track_id, frame, scope }];
  if (other === null || other === track_id) return null;
  if (kind === "merge") return ["merge", { a: track_id, b: other }];
  if (kind === "swap") return ["swap", { a: track_id, b: other, frame, scope }];
  return ["assign", { frame, track_id, new_track_id: other, scope }];
}

/** Whom digits name, typed one after the other: the longest number that somebody has. */
export function byDigits(typed: string, digit: string, ids: readonly number[]): { typed: string; id: number | null } {
  for (let start = 0; start <= typed.length; start++) {
    const text = (typed + digit).slice(start);
    if (ids.includes(Number(text)) && String(Number(text)) === text) return { typed: text, id: Number(text) };
  }
  return { typed: digit, id: null };
}

/** How people look while a question is open: whose colour each one would have, and who would go. */
export function previewOf(prompt: Prompt | null): { as: ReadonlyMap<number, number>; gone: number | null } {
  const as = new Map<number, number>();
  if (!prompt) return { as, gone: null };
  const { kind, track_id, other } = prompt;
  if (kind === "delete") return { as, gone: track_id };
  if (typeof other !== "number") return { as, gone: null };
  as.set(kind === "merge" ? other : track_id, kind === "merge" ? track_id : other);
  if (kind === "swap") as.set(other, track_id);
  return { as, gone: null };
}
