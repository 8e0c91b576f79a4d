/** The sheet that writes a file: its format, its name, what it will not hold; and then, that it was read back. */

import type { Editor } from "../editor";
import { dialog } from "./dialog";
import { fill, h, setText, type Watch } from "./dom";
import { focusedNear } from "./focus";

export function exportSheet(editor: Editor, watch: Watch): HTMLElement {
  const { exporting } = editor;
  const format = h("select", {
    class: "impose-select",
    "data-export": "format",
    onchange: () => void exporting.look(format.value, ""),
  });
  const path = h("input", {
    class: "impose-text",
    type: "text",
    "data-export": "path",
    onchange: () => void exporting.look(format.value, path.value),
    onkeydown: (event: Event) => {
      if ((event as KeyboardEvent).key === "Escape") exporting.open.value = false;
    },
  });
  const replace = h("input", { type: "checkbox", onchange: () => (exporting.replace.value = replace.checked) });
  const replacing = h("label", { class: "impose-row" }, replace, "Replace the file of this name");
  const losses = h("div", { class: "impose-losses", "aria-live": "polite" });
  const result = h("p", { class: "impose-result", role: "status", "aria-live": "polite" });
  const go = h(
    "button",
    { type: "button", class: "impose-primary", onclick: () => void exporting.write(path.value) },
    "Export",
  );
  watch(() => {
    const known = exporting.losses.value;
    if (!known) return;
    if (format.options.length !== known.formats.length)
      fill(format, ...known.formats.map((f) => h("option", { value: f.format }, f.format)));
    format.value = known.format;
    if (focusedNear(path) !== path) path.value = known.path;
    fill(losses, ...lossWords(editor));
  });
  watch(() => {
    const { value: done } = exporting.done;
    const trouble = exporting.trouble.value;
    replacing.hidden = !exporting.losses.value?.exists || done !== null;
    replace.checked = exporting.replace.value;
    go.disabled = exporting.busy.value || (!replacing.hidden && !exporting.replace.value);
    result.dataset.level = trouble ? "error" : "info";
    const size = done ? `${(done.size / 1000).toFixed(done.size < 100_000 ? 1 : 0)} kB` : "";
    const good = done ? `Written to ${done.path} (${size}), read back and compared. ${done.said}` : "";
    setText(result, exporting.busy.value ? "…" : trouble || good);
  });
  const sheet = dialog(
    editor,
    watch,
    exporting.open,
    "Export",
    "impose-export",
    h("label", { class: "impose-setting" }, h("span", {}, "Format"), format),
    h("label", { class: "impose-setting" }, h("span", {}, "File"), path),
    h("p", { class: "impose-note" }, "In the folder of the notebook, unless the name says where."),
    losses,
    replacing,
    h("div", { class: "impose-row" }, go, h("kbd", {}, "↵")),
    result,
  );
  // Enter writes the file; after another name was typed it first looks what is there.
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || (event.target !== sheet && event.target !== path)) return;
    event.preventDefault();
    const looked = path.value === exporting.losses.peek()?.path;
    go.focus();
    if (looked) go.click();
  });
  return sheet;
}

/** What the file will not hold, before it is written. */
function lossWords(editor: Editor): HTMLElement[] {
  const known = editor.exporting.losses.value!;
  const format = known.formats.find((f) => f.format === known.format);
  const about = [h("p", { class: "impose-note" }, format?.description ?? "")];
  if (format?.needs) about.push(h("p", {}, `It needs: ${format.needs}`));
  if (known.losses.length === 0) return [...about, h("p", {}, "Everything that is here will be in the file.")];
  return [
    ...about,
    h("p", {}, "This will not be in the file as it is here:"),
    h(
      "ul",
      {},
      ...known.losses.map(({ aspect, n, what }) =>
        h("li", {}, h("strong", {}, aspect.replaceAll("_", " ")), ` (${n}): ${what}`),
      ),
    ),
  ];
}
