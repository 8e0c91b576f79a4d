/** Keys that are pressed in the widget: they do what the table says, and the notebook never hears of them. */

import type { Editor } from "./editor";
import { chordOf, commandOf } from "./keys";

const TAP = 300; // ms: a space bar held longer was held to move the picture

export function listenKeys(editor: Editor, root: HTMLElement, signal: AbortSignal): void {
  let spaceSince = 0;
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
      if (target instanceof HTMLInputElement && target.type === "text") return;
      const chord = chordOf(event);
      if (pressesControl(target, chord)) return;
      if (chord === "Space") {
        event.preventDefault();
        if (!event.repeat) {
          spaceSince = performance.now();
          root.dataset.imposeSpace = "held";
        }
        return;
      }
      if (press(editor, chord)) event.preventDefault();
    },
    { signal },
  );
  root.addEventListener(
    "keyup",
    (event) => {
      event.stopPropagation();
      if (event.key === "Alt") event.preventDefault();
      if (event.key.toLowerCase() === "h") editor.hidden.value = false;
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
      const control = (event.target as HTMLElement).closest("button, label");
      if (control && event.detail > 0) root.focus({ preventScroll: true });
    },
    { signal },
  );
}

/** Buttons and boxes do with Enter and Space what they always do. */
function pressesControl(target: HTMLElement, chord: string): boolean {
  return (chord === "Enter" || chord === "Space") && target.matches("button, input, summary, select");
}

function press(editor: Editor, chord: string): boolean {
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
  if (chord === "Enter" && editor.review.issue.value) {
    editor.commands["mend issue"]();
    return true;
  }
  const command = commandOf(chord);
  if (!command) return false;
  editor.commands[command]();
  return true;
}
