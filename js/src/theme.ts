/** Light or dark, as the notebook is; else as the system is. */

import { type Signal, signal } from "@preact/signals-core";
import type { TimelineColours } from "./draw/timeline";

export type Scheme = "light" | "dark";

/** What the page around us says; null if it says nothing. */
export function schemeOfHost(document: Document): Scheme | null {
  const { body } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  const vscode = body.dataset.vscodeThemeKind;
  if (vscode !== undefined) return vscode.includes("light") ? "light" : "dark";
  const { documentElement: html } = document;
  // Colab says it with an attribute of its own, marimo with a class.
  const theme = body.dataset.theme ?? html.dataset.theme ?? html.getAttribute("theme");
  if (theme === "light" || theme === "dark") return theme;
  const says = (word: Scheme) => body.classList.contains(word) || html.classList.contains(word);
  return says("dark") ? "dark" : says("light") ? "light" : null;
}

/** The scheme, following the page while it changes. */
export function watchScheme(document: Document, signal_: AbortSignal): Signal<Scheme> {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const now = (): Scheme => schemeOfHost(document) ?? (media.matches ? "dark" : "light");
  const scheme = signal<Scheme>(now());
  const update = () => {
    scheme.value = now();
  };
  const observer = new MutationObserver(update);
  observer.observe(document.body, { attributes: true });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "theme", "class"] });
  media.addEventListener("change", update, { signal: signal_ });
  signal_.addEventListener("abort", () => observer.disconnect(), { once: true });
  return scheme;
}

/** The colours of what is drawn on canvases, from the style sheet. */
export function canvasColours(root: HTMLElement): TimelineColours & { stage: string } {
  const style = getComputedStyle(root);
  const value = (name: string) => style.getPropertyValue(`--impose-${name}`).trim();
  return {
    stage: value("stage"),
    track: value("lane"),
    found: value("found"),
    ink: value("ink"),
    soft: value("soft"),
    accent: value("accent"),
    warn: value("warn"),
    danger: value("danger"),
    issue: value("issue"),
  };
}
