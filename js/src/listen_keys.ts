/** Keys that are pressed in the widget: they do what the table says, and the notebook never hears of them. */

import type { Editor } from "./editor";
import { type Command, chordOf } from "./keys";

const TAP = 300; // ms: a space bar held longer was held to move the picture

export function listenKeys(editor: Editor, root: HTMLElement, signal: AbortSignal): void {
  let spaceSince = 0;
  let hiding: string | null = null; // the key that hides while it is held
  const releaseSpace = () => {
    delete root.dataset.imposeSpace;
    spaceSince = 0;
  };
  root.addEventListener(
    "keydown",
    (event) => {
      event.stopPropagation();
      if (event.key === "Alt") return event.preventDefault(); // it would open a menu, or leave the picture
      const target = event.target as HTMLElement;
      if (typesText(target)) return;
      const chord = chordOf(event, (key) => editor.keymap.peek().commandOf(key) !== undefined);
      if (pressesControl(target, chord)) return;
      if (chord === "Space" && !editor.covered.peek()) {
        event.preventDefault();
        if (!event.repeat) {
          spaceSince = performance.now();
          root.dataset.imposeSpace = "held";
        }
        return;
      }
      editor.repeats = event.repeat ? editor.repeats + 1 : 0;
      if (press(editor, chord)) event.preventDefault();
      if (editor.hidden.peek()) hiding ??= event.code;
    },
    { signal },
  );
  root.addEventListener(
    "keyup",
    (event) => {
      event.stopPropagation();
      if (event.key === "Alt") event.preventDefault();
      editor.repeats = 0;
      if (event.code === hiding) {
        editor.hidden.value = false;
        hiding = null;
      }
      if (event.key !== " " || spaceSince === 0) return;
      const tapped = performance.now() - spaceSince < TAP && root.dataset.imposeSpace === "held";
      releaseSpace();
      if (tapped) editor.commands.play();
    },
    { signal },
  );
  root.addEventListener("keypress", (event) => event.stopPropagation(), { signal });
  root.addEventListener(
    "focusout",
    (event) => {
      if (root.contains(event.relatedTarget as Node | null)) return;
      editor.hidden.value = false;
      editor.edits.flush();
      releaseSpace();
    },
    { signal },
  );
  // A click on a control gives the keys back to the picture; a press of a key on it does not.
  root.addEventListener(
    "click",
    (event) => {
      const control = (event.target as HTMLElement).closest("button, label:has([type=checkbox])");
      if (control && event.detail > 0 && !editor.covered.peek()) root.focus({ preventScroll: true });
    },
    { signal },
  );
}

/** Keys are letters there. */
function typesText(target: HTMLElement): boolean {
  return target.matches("textarea, input[type=text]");
}

const DIALS = /^(Shift\+)?(Arrow(Left|Right|Up|Down)|Home|End|PageUp|PageDown)$/;

/** Controls do with their own keys what they always do. */
function pressesControl(target: HTMLElement, chord: string): boolean {
  if (chord === "Enter" || chord === "Space") return target.matches("button, input, summary, select");
  return target.matches("input[type=range], select") && (DIALS.test(chord) || target.matches("select:open"));
}

/** What works while a sheet covers everything. */
const ABOVE: ReadonlySet<Command> = new Set<Command>(["escape", "help"]);

function press(editor: Editor, chord: string): boolean {
  const command = editor.keymap.peek().commandOf(chord);
  if (editor.covered.peek()) {
    if (!command || !ABOVE.has(command)) return false;
    editor.commands[command]();
    return true;
  }
  if (/^\d$/.test(chord)) {
    editor.digit(chord);
    return true;
  }
  if (chord === "Enter" && editor.questions.open.value) {
    editor.questions.confirm();
    return true;
  }
  if (chord === "Enter" && editor.edits.limits.value) {
    editor.edits.propagateLimited();
    return true;
  }
  if (chord === "Enter" && editor.keyboard.press()) return true;
  if (chord === "Enter" && editor.review.issue.value) {
    editor.commands["mend issue"]();
    return true;
  }
  if (!command) return false;
  editor.commands[command]();
  return true;
}
