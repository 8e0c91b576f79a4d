/** The panel's tabs: who is there, what is to be reviewed, the guidelines, how things look. */

import type { Editor, Tab } from "../editor";
import { h, type Watch } from "./dom";

const NAMES: readonly (readonly [Tab, string])[] = [
  ["people", "People"],
  ["review", "Review"],
  ["guide", "Guide"],
  ["view", "Settings"],
];

/** The row of tabs. Arrow keys go from one to the next, as in any row of tabs. */
export function tabRow(editor: Editor, watch: Watch): HTMLElement {
  const tabs = NAMES.map(([tab, name]) =>
    h(
      "button",
      { type: "button", class: "impose-tab", role: "tab", "data-tab": tab, onclick: () => (editor.tab.value = tab) },
      name,
    ),
  );
  watch(() => {
    for (const t of tabs) {
      const chosen = t.dataset.tab === editor.tab.value;
      t.setAttribute("aria-selected", String(chosen));
      t.tabIndex = chosen ? 0 : -1;
    }
  });
  const row = h("div", { class: "impose-tabs", role: "tablist", "aria-label": "Panel" }, ...tabs);
  row.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(event.target as HTMLButtonElement);
    if (!step || at < 0) return;
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    next.click();
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  return row;
}

/** What a tab shows. */
export function tabPanel(editor: Editor, watch: Watch, tab: Tab, ...children: HTMLElement[]): HTMLElement {
  const name = NAMES.find(([t]) => t === tab)![1];
  const panel = h(
    "div",
    { class: "impose-panel", role: "tabpanel", "aria-label": name, "data-panel": tab },
    ...children,
  );
  watch(() => {
    panel.hidden = editor.tab.value !== tab;
  });
  return panel;
}
