/** The table of keys with one's own changes to it. A key has one meaning; what would give it two is refused. */

import { type Command, type Entry, KEYS, readable } from "./keys";

/** The keys of commands that have others than in the table. */
export type Changes = Readonly<Partial<Record<Command, readonly string[]>>>;

/** What stays as it is: they are spelled out in words all over, or are held as well as pressed. */
export const FIXED: ReadonlySet<Command> = new Set<Command>(["escape", "play"]);
const BROWSERS = new Set(
  "Ctrl+W Ctrl+T Ctrl+N Ctrl+Q Ctrl+R Ctrl+L Ctrl+C Ctrl+V Ctrl+X Ctrl+A Ctrl+P Ctrl+F F5 F11 F12 Alt+F4".split(" "),
);
const TAKEN: Record<string, string> = {
  Tab: "goes to the next control",
  "Shift+Tab": "goes to the control before",
  Space: "plays, and moves the picture while it is held",
  Enter: "answers questions",
  Escape: "cancels and leaves",
};

export class Keymap {
  private readonly commands = new Map<string, Command>();
  private readonly keys = new Map<Command, readonly string[]>();

  constructor(readonly changes: Changes = {}) {
    for (const entry of KEYS) {
      const keys = keysIn(changes, entry);
      this.keys.set(entry.command, keys);
      for (const key of keys) this.commands.set(key, entry.command);
    }
  }

  /** What a chord does; a digit is none, because it names a person. */
  commandOf(chord: string): Command | undefined {
    return this.commands.get(chord);
  }

  keysOf(command: Command): readonly string[] {
    return this.keys.get(command) ?? [];
  }

  /** The first key of a command, readable; "" if it has none. */
  keyOf(command: Command): string {
    const [first] = this.keysOf(command);
    return first ? readable(first) : "";
  }
}

function keysIn(changes: Changes, entry: Entry): readonly string[] {
  return (FIXED.has(entry.command) ? undefined : changes[entry.command]) ?? entry.keys;
}

/** Why a chord cannot be the key of a command; null if it can. */
export function refusal(changes: Changes, command: Command, chord: string): string | null {
  if (FIXED.has(command)) return "This key stays as it is.";
  if (/^\d$/.test(chord)) return `${chord} selects person ${chord}; choose another key.`;
  if (TAKEN[chord]) return `${readable(chord)} ${TAKEN[chord]}; choose another key.`;
  if (BROWSERS.has(chord)) return `${readable(chord)} belongs to the browser; choose another key.`;
  const other = KEYS.find((entry) => entry.command !== command && keysIn(changes, entry).includes(chord));
  return other ? `${readable(chord)} already does something: ${other.words}. Change that one first.` : null;
}

/** The changes with one key of a command replaced (or added: `old` null; or taken away: `chord` null). */
export function withKey(changes: Changes, command: Command, old: string | null, chord: string | null): Changes {
  const entry = KEYS.find((e) => e.command === command)!;
  const before = keysIn(changes, entry);
  const at = old === null ? before.length : before.indexOf(old);
  const keys = [...before.slice(0, at), ...(chord === null ? [] : [chord]), ...before.slice(at + 1)];
  const own = keys.filter((key, i) => keys.indexOf(key) === i);
  return String(own) === String(entry.keys) ? without(changes, command) : { ...changes, [command]: own };
}

/** The changes but those of one command; what took a key of the table meanwhile keeps it. */
export function without(changes: Changes, command: Command): Changes {
  const { [command]: _, ...rest } = changes;
  return rest;
}

/** Whether a command can have the keys of the table again. */
export function resetRefusal(changes: Changes, command: Command): string | null {
  const rest = without(changes, command);
  const entry = KEYS.find((e) => e.command === command)!;
  return entry.keys.map((key) => refusal(rest, command, key)).find((words) => words !== null) ?? null;
}

/** Changes from whatever was stored: commands that exist, no key twice. */
export function cleanChanges(stored: unknown): Changes {
  if (typeof stored !== "object" || stored === null) return {};
  let out: Changes = {};
  for (const { command } of KEYS) {
    const keys = (stored as Record<string, unknown>)[command];
    if (!Array.isArray(keys) || FIXED.has(command)) continue;
    if (keys.every((key) => typeof key === "string" && key !== "")) out = { ...out, [command]: keys as string[] };
  }
  for (const command of Object.keys(out) as Command[])
    if (out[command]!.some((key) => refusal(out, command, key) !== null)) out = without(out, command);
  return out;
}
