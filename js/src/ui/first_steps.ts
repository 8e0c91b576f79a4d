/** Three steps for who sees the editor for the first time. Each goes by when it is done; all can be sent away for good. */

import { type Signal, signal } from "@preact/signals-core";
import type { Editor } from "../editor";
import { fill, h, type Watch } from "./dom";

interface Step {
  words(key: (command: "propagate forward" | "next issue" | "help") => string): string;
  /** A number that grows when the step is done. */
  done(editor: Editor): number;
}

const STEPS: readonly Step[] = [
  {
    words: () => "Drag a keypoint to where it belongs. That is a correction.",
    done: (editor) => editor.store.state.value?.clicks ?? 0,
  },
  {
    words: (key) => `The correction travels to other frames by itself; ${key("propagate forward")} does it at once.`,
    done: (editor) => editor.nav.frame.value,
  },
  {
    words: (key) => `${key("next issue")} goes to the next doubtful place. ${key("help")} shows all keys.`,
    done: (editor) => (editor.review.issue.value ? 1 : 0),
  },
];

export function firstSteps(editor: Editor, watch: Watch): HTMLElement {
  const { preferences } = editor.store;
  const at: Signal<number> = signal(0);
  const element = h("section", { class: "impose-section impose-first", role: "region", "aria-label": "First steps" });
  const shown = () =>
    !preferences.wishes.value.welcomed && editor.store.canEdit.value && editor.store.clip.value !== null;
  const next = () => {
    if (at.value < STEPS.length - 1) at.value++;
    else leave();
  };
  const leave = () => {
    preferences.set({ welcomed: true });
    at.value = 0;
    editor.onFocus();
  };
  watch(() => {
    element.hidden = !shown();
    if (element.hidden) return;
    const map = editor.keymap.value;
    const step = STEPS[at.value]!;
    fill(
      element,
      h("h3", {}, `${at.value + 1} of ${STEPS.length}`),
      h(
        "p",
        {},
        step.words((command) => map.keyOf(command)),
      ),
      h(
        "div",
        { class: "impose-row" },
        h("button", { type: "button", class: "impose-primary", onclick: next }, at.value < 2 ? "Next" : "Done"),
        at.value < 2 ? h("button", { type: "button", class: "impose-secondary", onclick: leave }, "Skip") : null,
      ),
    );
  });
  goByItself(editor, watch, at, shown, next);
  return element;
}

/** What the step asks for was done: on to the next. */
function goByItself(editor: Editor, watch: Watch, at: Signal<number>, shown: () => boolean, next: () => void): void {
  let asked = -1;
  let from = 0;
  watch(() => {
    const step = at.value;
    const now = STEPS[step]!.done(editor);
    if (!shown() || asked !== step) {
      asked = step;
      from = now;
    } else if (now !== from) queueMicrotask(next);
  });
}
