import type { Editor } from "../editor";
import { type Command, KEYS } from "../keys";
import { h, type Watch } from "./dom";
import { type Icon, icon } from "./icons";

/** A button for a command: its words and its key are those of the table of keys. */
export function button(editor: Editor, command: Command, name: Icon, label = ""): HTMLButtonElement {
  const words = wordsOf(command);
  return h(
    "button",
    {
      type: "button",
      class: label ? "impose-button impose-labelled" : "impose-button",
      "data-command": command,
      title: titleOf(editor, command),
      "aria-label": words,
      onclick: () => editor.commands[command](),
    },
    icon(name),
    label ? h("span", {}, label) : null,
  );
}

/** What a command does, in words; those without a key are said by their name. */
export function wordsOf(command: Command): string {
  const words = KEYS.find((e) => e.command === command)?.words ?? command;
  return words[0]!.toUpperCase() + words.slice(1);
}

function titleOf(editor: Editor, command: Command): string {
  const key = editor.keymap.peek().keyOf(command);
  return key ? `${wordsOf(command)} (${key})` : wordsOf(command);
}

/** Keeps the keys that buttons name true to the keys there are. */
export function nameKeys(editor: Editor, root: HTMLElement, watch: Watch): void {
  let first = true;
  watch(() => {
    const map = editor.keymap.value;
    if (!first)
      for (const b of root.querySelectorAll<HTMLElement>("button[data-command]")) {
        const command = b.dataset.command as Command;
        if (b.title.startsWith(wordsOf(command))) b.title = titleOf(editor, command);
        else b.title = b.title.replace(/ \([^()]*\)$/, map.keyOf(command) ? ` (${map.keyOf(command)})` : "");
      }
    first = false;
  });
}
