/** The reviewer's panel: what is to be said of whom, how far the review is, the comments, and what it costs. */

import type { Whom } from "../desk";
import type { Editor } from "../editor";
import type { Remark, Verdict } from "../protocol";
import { button } from "./button";
import { fill, h, setText, type Watch } from "./dom";

const SCOPES: readonly (readonly [Whom, string])[] = [
  ["person", "this pose"],
  ["frame", "this frame"],
  ["track", "this track"],
];

export function reviewPanel(editor: Editor, watch: Watch): HTMLElement {
  return h(
    "section",
    { class: "impose-section impose-review" },
    progress(editor, watch),
    h("h3", {}, "Verdict"),
    state(editor, watch),
    scopes(editor, watch),
    h(
      "div",
      { class: "impose-row" },
      button(editor, "accept here", "saved", "Right"),
      button(editor, "reject here", "close", "Wrong"),
      h("div", { class: "impose-space" }),
      button(editor, "reopen here", "undo"),
      button(editor, "next unchecked", "next"),
    ),
    comment(editor, watch),
    remarks(editor, watch),
    meters(editor, watch),
  );
}

/** "214 of 3400 looked at · 14 wrong". */
function progress(editor: Editor, watch: Watch): HTMLElement {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Looked at" });
  const words = h("p", { class: "impose-note" });
  watch(() => {
    const now = editor.desk.progress.value;
    if (!now) return setText(words, "…");
    const said = now.accepted + now.rejected;
    bar.value = now.person_frames ? said / now.person_frames : 0;
    const wrong = now.rejected ? ` · ${now.rejected} wrong` : "";
    setText(words, `${said} of ${now.person_frames} poses looked at${wrong}`);
  });
  return h("div", { class: "impose-progress" }, bar, words);
}

function state(editor: Editor, watch: Watch): HTMLElement {
  const element = h("p", { class: "impose-verdict", "aria-live": "polite" });
  watch(() => {
    const id = editor.selected.value;
    const verdict = editor.desk.verdictOf(id);
    element.dataset.verdict = verdict?.changed_since ? "open" : (verdict?.verdict ?? "open");
    setText(element, id === null ? "Nobody is selected." : `Person ${id}: ${verdict ? verdictWords(verdict) : "…"}`);
  });
  return element;
}

function verdictWords({ verdict, comment, changed_since }: Verdict): string {
  const words = { open: "not looked at", accepted: "right", rejected: "wrong" }[verdict];
  const since = changed_since && verdict !== "open" ? ", but changed since" : "";
  return `${words}${since}${comment ? `: “${comment}”` : ""}`;
}

function scopes(editor: Editor, watch: Watch): HTMLElement {
  const { whom } = editor.desk;
  const buttons = SCOPES.map(([name, words]) =>
    h("button", { type: "button", class: "impose-scope", onclick: () => (whom.value = name) }, words),
  );
  watch(() => {
    buttons.forEach((b, i) => {
      b.setAttribute("aria-pressed", String(SCOPES[i]![0] === whom.value));
    });
  });
  return h(
    "div",
    { class: "impose-scopes", role: "group", "aria-label": "Whom", style: "grid-template-columns: repeat(3, auto)" },
    ...buttons,
  );
}

function comment(editor: Editor, watch: Watch): HTMLElement {
  const { desk } = editor;
  const field = h("textarea", {
    class: "impose-text",
    rows: 2,
    maxlength: 1000,
    "aria-label": "Comment",
    placeholder: "Comment, for whoever looks next",
    oninput: () => (desk.words.value = field.value),
    onkeydown: (event: Event) => {
      const { key, ctrlKey, metaKey } = event as KeyboardEvent;
      if (key === "Escape") editor.onFocus();
      if (key === "Enter" && (ctrlKey || metaKey)) void desk.comment().then(() => editor.onFocus());
    },
  });
  watch(() => {
    if (field.value !== desk.words.value) field.value = desk.words.value;
  });
  const send = h(
    "button",
    { type: "button", class: "impose-secondary", onclick: () => void desk.comment() },
    "Comment",
    h("kbd", {}, "Ctrl+↵"),
  );
  watch(() => {
    send.disabled = !editor.store.canEdit.value;
  });
  return h("div", { class: "impose-comment" }, field, send);
}

function remarks(editor: Editor, watch: Watch): HTMLElement {
  const list = h("ul", { class: "impose-remarks", "aria-label": "Comments" });
  watch(() => {
    const comments = editor.desk.progress.value?.comments ?? [];
    list.hidden = comments.length === 0;
    fill(list, ...[...comments].reverse().map((remark) => remarkRow(editor, remark)));
  });
  return list;
}

function remarkRow(editor: Editor, remark: Remark): HTMLElement {
  const { frame, frame_end, track_id, verdict } = remark;
  const where = frame === frame_end ? `frame ${frame}` : `frames ${frame}–${frame_end}`;
  return h(
    "li",
    { "data-verdict": verdict },
    h(
      "button",
      { type: "button", class: "impose-remark", onclick: () => editor.desk.look(remark) },
      h("span", { class: "impose-note" }, `person ${track_id}, ${where}`),
      h("span", {}, remark.comment),
    ),
  );
}

/** The numbers of `metrics()`, as they grow. */
function meters(editor: Editor, watch: Watch): HTMLElement {
  const list = h("dl", { class: "impose-meters" });
  watch(() => {
    const values = editor.desk.meters.value;
    list.hidden = values === null;
    if (!values) return;
    const rows = meterRows(values).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    fill(list, ...rows);
  });
  return h("div", {}, h("h3", {}, "So far"), list);
}

export function meterRows(values: Record<string, number>): [string, string][] {
  const of = (name: string) => values[name] ?? 0;
  const seconds = Math.round(of("active_seconds"));
  const time = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return [
    ["Clicks", String(of("clicks"))],
    ["Keypoints, boxes, identities", ["keypoint", "box", "identity"].map((k) => of(`${k}_clicks`)).join(", ")],
    ["Active time", time],
    ["Seconds a person-frame", of("seconds_per_person_frame").toFixed(3)],
    ["Clicks a tracklet", of("clicks_per_track").toFixed(2)],
    ["Keypoints carried a click", of("propagated_per_click").toFixed(1)],
  ];
}
