/** Small helpers to build elements and keep them true to signals. */

import { effect } from "@preact/signals-core";

type Child = Node | string | null;
type Props = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element; `on…` props are listeners, the others attributes (false: none, true: empty). */
export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((c) => c !== null));
  return element;
}

/** Runs `run` now and whenever a signal that it read changes, until the view goes. */
export type Watch = (run: () => void) => void;
export const watcher =
  (signal: AbortSignal): Watch =>
  (run) => {
    const stop = effect(run);
    signal.addEventListener("abort", stop, { once: true });
  };

/** Replace the children if they are others. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((c) => c !== null));
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
