/** How the picture and the people look, what helps the hand, and the way to the keys. */

import { PALETTES, type PaletteName } from "../draw/palettes";
import type { Editor } from "../editor";
import { DEFAULTS, type Dial, LIMITS, type Wishes } from "../preferences";
import { h, setText, type Watch } from "./dom";

export function settings(editor: Editor, watch: Watch): HTMLElement {
  const { preferences } = editor.store;
  const reset = h(
    "button",
    {
      type: "button",
      class: "impose-secondary",
      onclick: () => {
        const { keys, welcomed } = preferences.wishes.peek();
        preferences.set({ ...DEFAULTS, keys, welcomed });
      },
    },
    "As at first",
  );
  watch(() => {
    const { keys, welcomed, ...looks } = preferences.wishes.value;
    const { keys: _, welcomed: __, ...first } = DEFAULTS;
    reset.disabled = JSON.stringify(looks) === JSON.stringify(first);
  });
  return h(
    "section",
    { class: "impose-section impose-settings" },
    h("h3", {}, "Picture"),
    slider(editor, watch, "brightness", "Brightness"),
    slider(editor, watch, "contrast", "Contrast"),
    h("h3", {}, "Skeletons"),
    slider(editor, watch, "opacity", "Opacity"),
    slider(editor, watch, "size", "Size"),
    choice(editor, watch, "palette", "Palette", palettes()),
    swatches(editor, watch),
    choice(editor, watch, "sides", "Colour by", [
      ["shade", "person, left lighter"],
      ["colour", "left blue, right orange"],
      ["keypoint", "keypoint"],
    ]),
    h("h3", {}, "Hand"),
    choice(editor, watch, "magnifier", "Magnifier", [
      ["touch", "under a finger"],
      ["always", "whenever dragging"],
      ["never", "never"],
    ]),
    h(
      "div",
      { class: "impose-row" },
      plainButton("Keys…", () => (editor.help.value = true)),
      plainButton("First steps", () => {
        preferences.set({ welcomed: false });
        editor.tab.value = "people";
      }),
      reset,
    ),
    h("p", { class: "impose-note" }, "Kept in this browser, for every video."),
  );
}

const palettes = (): [PaletteName, string][] =>
  (Object.keys(PALETTES) as PaletteName[]).map((name) => [name, PALETTES[name].words]);

function plainButton(words: string, onclick: () => void): HTMLElement {
  return h("button", { type: "button", class: "impose-secondary", onclick }, words);
}

/** A dial; a double click turns it back. */
function slider(editor: Editor, watch: Watch, name: Dial, words: string): HTMLElement {
  const { preferences } = editor.store;
  const [min, max] = LIMITS[name];
  const input = h("input", {
    type: "range",
    min,
    max,
    step: "0.05",
    "aria-label": words,
    "data-wish": name,
    oninput: () => preferences.set({ [name]: Number(input.value) }),
    ondblclick: () => preferences.set({ [name]: DEFAULTS[name] }),
  });
  const value = h("output", { class: "impose-value" });
  watch(() => {
    const now = preferences.wishes.value[name];
    if (Number(input.value) !== now) input.value = String(now);
    const percent = `${Math.round(100 * now)} %`;
    input.setAttribute("aria-valuetext", percent);
    setText(value, percent);
  });
  return h("label", { class: "impose-setting" }, h("span", {}, words), input, value);
}

function choice<N extends "palette" | "sides" | "magnifier">(
  editor: Editor,
  watch: Watch,
  name: N,
  words: string,
  options: readonly (readonly [Wishes[N], string])[],
): HTMLElement {
  const { preferences } = editor.store;
  const select = h(
    "select",
    {
      class: "impose-select",
      "data-wish": name,
      onchange: () => preferences.set({ [name]: select.value } as Partial<Wishes>),
    },
    ...options.map(([value, text]) => h("option", { value }, text)),
  );
  watch(() => {
    select.value = preferences.wishes.value[name];
  });
  return h("label", { class: "impose-setting" }, h("span", {}, words), select);
}

/** The colours that are chosen, as the people here have them. */
function swatches(editor: Editor, watch: Watch): HTMLElement {
  const row = h("div", { class: "impose-swatches", "aria-hidden": "true" });
  watch(() => {
    const people = editor.store.state.value?.people ?? [];
    row.replaceChildren(
      ...[...new Set(people.map((p) => p.colour))].slice(0, 12).map((colour) => {
        const swatch = h("span");
        swatch.style.background = colour;
        return swatch;
      }),
    );
  });
  return row;
}
