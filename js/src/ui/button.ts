import type { Editor } from "../editor";
import { type Command, KEYS, keyOf } from "../keys";
import { h } from "./dom";
import { type Icon, icon } from "./icons";

/** A button for a command: its words and its key are those of the table of keys. */
export function button(editor: Editor, command: Command, name: Icon, label = ""): HTMLButtonElement {
  const words = wordsOf(command);
  const key = keyOf(command);
  return h(
    "button",
    {
      type: "button",
      class: label ? "impose-button impose-labelled" : "impose-button",
      "data-command": command,
      title: key ? `${words} (${key})` : words,
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
