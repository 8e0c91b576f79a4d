/** The key sheet, made from the table of keys; a press on a key's button changes it. */

import { type Signal, signal } from "@preact/signals-core";
import type { Editor } from "../editor";
import { FIXED, refusal, resetRefusal, withKey, without } from "../keymap";
import { type Command, chordOf, type Entry, GESTURES, type Group, KEYS, readable } from "../keys";
import { dialog } from "./dialog";
import { fill, h, setText, type Watch } from "./dom";
import { focusedNear, hasFocus } from "./focus";

/** The key that is being changed (`old` null: one that is added). */
interface Capture {
  command: Command;
  old: string | null;
}

export function helpSheet(editor: Editor, watch: Watch): HTMLElement {
  const capture: Signal<Capture | null> = signal<Capture | null>(null);
  const said: Signal<string> = signal("");
  const columns = h("div", { class: "impose-columns" });
  const words = h("p", { class: "impose-key-words", role: "status", "aria-live": "polite" });
  const reset = h(
    "button",
    { type: "button", class: "impose-secondary", onclick: () => editor.store.preferences.set({ keys: {} }) },
    "All keys as at first",
  );
  const element = dialog(
    editor,
    watch,
    editor.help,
    "Keys",
    "impose-help",
    h("div", { class: "impose-row" }, words, reset),
    columns,
  );
  watch(() => {
    if (!editor.help.value) {
      capture.value = null;
      said.value = "";
    }
  });
  watch(() => {
    const map = editor.keymap.value;
    const inside = hasFocus(element);
    const held = (focusedNear(element) as HTMLElement | null)?.dataset?.key;
    reset.hidden = Object.keys(map.changes).length === 0;
    const groups = [...new Set(KEYS.map((e) => e.group))];
    fill(columns, pointerGroup(), ...groups.map((group) => keyGroup(editor, group, capture, said)), legend());
    // A button that went took the focus with it.
    if (inside) (columns.querySelector<HTMLElement>(`[data-key="${held}"]`) ?? element).focus({ preventScroll: true });
  });
  watch(() => {
    setText(words, said.value || (capture.value ? captureWords(capture.value) : "Press a key's button to change it."));
    words.dataset.level = said.value ? "error" : "info";
  });
  listen(editor, element, capture, said);
  return element;
}

function captureWords({ command, old }: Capture): string {
  const entry = KEYS.find((e) => e.command === command)!;
  const forget = old === null ? "" : "; press the button again to take it away";
  return `Press the new key for “${entry.words}”. Esc cancels${forget}.`;
}

/** While a key is awaited every key is one, but Esc. */
function listen(editor: Editor, element: HTMLElement, capture: Signal<Capture | null>, said: Signal<string>): void {
  element.addEventListener("keydown", (event) => {
    const now = capture.value;
    if (!now) return;
    if (["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Tab"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    capture.value = null;
    if (event.key === "Escape") return;
    const chord = chordOf(event);
    const { keys } = editor.store.preferences.wishes.peek();
    said.value = refusal(keys, now.command, chord) ?? "";
    if (!said.value) editor.store.preferences.set({ keys: withKey(keys, now.command, now.old, chord) });
  });
}

function keyGroup(editor: Editor, group: Group, capture: Signal<Capture | null>, said: Signal<string>): HTMLElement {
  return section(
    group,
    KEYS.filter((e) => e.group === group).map((e) => keyRow(editor, e, capture, said)),
  );
}

function keyRow(editor: Editor, entry: Entry, capture: Signal<Capture | null>, said: Signal<string>): HTMLElement {
  const map = editor.keymap.peek();
  const { preferences } = editor.store;
  const keys = map.keysOf(entry.command);
  if (FIXED.has(entry.command)) return row(keys.map(readable), entry.words);
  const buttons = (keys.length > 0 ? keys : [null]).map((key, i) => keyButton(editor, entry, key, i, capture, said));
  const changed = map.changes[entry.command] !== undefined;
  const back = h(
    "button",
    {
      type: "button",
      class: "impose-link impose-key-back",
      "aria-label": `${entry.words}: the key as at first`,
      title: "As at first",
      onclick: () => {
        const { keys: changes } = preferences.wishes.peek();
        said.value = resetRefusal(changes, entry.command) ?? "";
        if (!said.value) preferences.set({ keys: without(changes, entry.command) });
      },
    },
    "↺",
  );
  return h("div", {}, h("dt", {}, ...buttons), h("dd", {}, entry.words, changed ? back : null));
}

function keyButton(
  editor: Editor,
  entry: Entry,
  key: string | null,
  i: number,
  capture: Signal<Capture | null>,
  said: Signal<string>,
): HTMLElement {
  const name = key === null ? "no key" : readable(key);
  return h(
    "button",
    {
      type: "button",
      class: "impose-key",
      "data-key": `${entry.command} ${i}`,
      "aria-label": `${name}: ${entry.words}; change`,
      onclick: () => {
        said.value = "";
        const again = capture.value?.command === entry.command && capture.value.old === key;
        capture.value = again ? null : { command: entry.command, old: key };
        if (!again || key === null) return;
        const { keys } = editor.store.preferences.wishes.peek();
        editor.store.preferences.set({ keys: withKey(keys, entry.command, key, null) });
      },
    },
    h("kbd", {}, key === null ? "–" : readable(key)),
  );
}

function pointerGroup(): HTMLElement {
  return section(
    "Pointer",
    GESTURES.map(([what, words]) => row([what], words)),
  );
}

function section(name: string, ...rows: HTMLElement[][]): HTMLElement {
  return h("section", {}, h("h3", {}, name), h("dl", {}, ...rows.flat()));
}

function row(keys: readonly string[], words: string): HTMLElement {
  return h("div", {}, h("dt", {}, ...keys.map((key) => h("kbd", {}, key))), h("dd", {}, words));
}

/** What the marks in the picture mean. */
function legend(): HTMLElement {
  const mark = (kind: string, words: string) =>
    h("div", {}, h("dt", {}, h("span", { class: `impose-mark impose-mark-${kind}` })), h("dd", {}, words));
  return h(
    "section",
    {},
    h("h3", {}, "Marks"),
    h(
      "dl",
      {},
      mark("read", "read by the network"),
      mark("carried", "propagated from a correction"),
      mark("anchor", "placed by hand: no machine moves it"),
      mark("hollow", "occluded (hollow)"),
      mark("left", "left side of the body (lighter)"),
      mark("right", "right side of the body (darker)"),
    ),
  );
}
