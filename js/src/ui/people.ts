/** The list of people, what can be done with the selected one, and the issue that is being looked at. */

import { computed } from "@preact/signals-core";
import { isAnchor, visibilityOf } from "../codec";
import { judgement } from "../desk";
import { plain, short } from "../draw/labels";
import { paintOf } from "../draw/palette";
import type { Editor } from "../editor";
import { placed } from "../poses";
import type { Person, State } from "../protocol";
import { button } from "./button";
import { fill, h, setText, type Watch } from "./dom";
import { firstSteps } from "./first_steps";
import { guidePanel } from "./guide";
import { icon } from "./icons";
import { lookbackPanel } from "./lookback";
import { propagationPanel } from "./propagation";
import { question } from "./question";
import { reviewPanel } from "./review";
import { settings } from "./settings";
import { tabPanel, tabRow } from "./tabs";

export function peoplePanel(editor: Editor, watch: Watch): HTMLElement {
  return h(
    "aside",
    { class: "impose-people", "aria-label": "People" },
    tabRow(editor, watch),
    firstSteps(editor, watch),
    question(editor, watch),
    propagationPanel(editor, watch),
    lookbackPanel(editor, watch),
    issueCard(editor, watch),
    tabPanel(editor, watch, "people", peopleList(editor, watch), selectedCard(editor, watch)),
    tabPanel(editor, watch, "review", reviewPanel(editor, watch)),
    tabPanel(editor, watch, "guide", guidePanel(editor, watch)),
    tabPanel(editor, watch, "view", settings(editor, watch)),
  );
}

function peopleList(editor: Editor, watch: Watch): HTMLElement {
  const { store } = editor;
  const count = h("span", { class: "impose-count" });
  const list = h("ul", { class: "impose-list" });
  const rows = new Map<number, { row: HTMLLIElement; made: string }>();
  watch(() => {
    const people = store.state.value?.people ?? [];
    setText(count, String(people.length));
    const ids = new Set(people.map((p) => p.track_id));
    for (const [id, { row }] of rows)
      if (!ids.has(id)) {
        row.remove();
        rows.delete(id);
      }
    people.forEach((person, i) => {
      const made = JSON.stringify(person);
      let held = rows.get(person.track_id);
      if (held?.made !== made) {
        const row = personRow(editor, person);
        held?.row.replaceWith(row);
        held = { row, made };
        rows.set(person.track_id, held);
      }
      if (list.children[i] !== held.row) list.insertBefore(held.row, list.children[i] ?? null);
    });
    const key = editor.keymap.value.keyOf("box");
    if (people.length === 0) fill(list, h("li", { class: "impose-empty" }, emptyWords(store.state.value, key)));
    else for (const e of list.querySelectorAll(".impose-empty")) e.remove();
  });
  watch(() => {
    const selected = editor.selected.value;
    const here = new Set(editor.present.value);
    store.state.value;
    for (const [id, { row }] of rows) {
      row.dataset.selected = String(id === selected);
      row.dataset.here = String(here.has(id));
      row.firstElementChild!.setAttribute("aria-pressed", String(id === selected));
      if (id === selected) row.scrollIntoView?.({ block: "nearest" });
    }
  });
  return h("section", { class: "impose-section impose-list-section" }, h("h3", {}, "People", count), list);
}

function emptyWords(state: State | null, key: string): string {
  if (!state) return "Nobody yet.";
  return `Nobody yet. They appear here as they are found, or draw a box (${key}).`;
}

function personRow(editor: Editor, person: Person): HTMLLIElement {
  const paint = paintOf(person.colour);
  const marks = [
    person.n_anchors > 0
      ? h(
          "span",
          { class: "impose-anchors", title: `${person.n_anchors} frames with anchors` },
          icon("anchor"),
          String(person.n_anchors),
        )
      : null,
    person.pending.length > 0
      ? h(
          "span",
          {
            class: "impose-pending",
            title: `${person.pending.length} frames with corrections that were not propagated yet`,
          },
          String(person.pending.length),
        )
      : null,
  ];
  const swatch = h("span", { class: "impose-swatch", "aria-hidden": "true" });
  swatch.style.background = `linear-gradient(90deg, ${paint.right} 0 34%, ${paint.middle} 34% 66%, ${paint.left} 66%)`;
  return h(
    "li",
    { "data-track": person.track_id },
    h(
      "button",
      {
        type: "button",
        class: "impose-person",
        onclick: () =>
          editor.questions.open.value ? editor.questions.pick(person.track_id) : editor.visit(person.track_id),
      },
      swatch,
      h("span", { class: "impose-name" }, `person ${person.track_id}`),
      ...marks,
      h(
        "span",
        { class: "impose-range", title: `${person.n_frames} frames` },
        person.first === person.last ? String(person.first) : `${person.first}–${person.last}`,
      ),
    ),
  );
}

function selectedCard(editor: Editor, watch: Watch): HTMLElement {
  const name = h("h3");
  const whole = button(editor, "whole person", "move", "Move all");
  const boxes = button(editor, "boxes", "bodyBox", "Boxes");
  watch(() => whole.setAttribute("aria-pressed", String(editor.whole.value)));
  watch(() => boxes.setAttribute("aria-pressed", String(editor.boxes.value)));
  const actions = h(
    "div",
    { class: "impose-actions" },
    button(editor, "anchor", "anchor", "Anchor"),
    button(editor, "flip", "flip", "Flip"),
    button(editor, "flip arms", "flip", "Arms"),
    button(editor, "flip legs", "flip", "Legs"),
    button(editor, "box for person", "box", "Re-read"),
    button(editor, "guide", "guide", "Place"),
    button(editor, "copy pose", "copy", "Copy"),
    button(editor, "swap", "swap", "Swap"),
    button(editor, "assign", "person", "Reassign"),
    button(editor, "merge", "merge", "Merge"),
    button(editor, "split", "split", "Split"),
    button(editor, "delete here", "trash", "Delete"),
    button(editor, "visibility", "eye", "Visibility"),
    whole,
    boxes,
    button(editor, "fit box", "fit", "Fit box"),
    button(editor, "redraw box", "box", "Draw box"),
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "impose-link",
      onclick: () => editor.commands["delete track"](),
    },
    "Delete the whole track…",
  );
  const strip = keypointStrip(editor, watch);
  const chip = h("p", { class: "impose-chip-judgement", title: "By the project's guidelines (see Guide)" });
  watch(() => {
    const verdict = editor.desk.verdictOf(editor.selected.value);
    chip.hidden = !verdict;
    if (!verdict) return;
    chip.dataset.meets = String(verdict.meets);
    setText(chip, judgement(verdict));
  });
  const card = h("section", { class: "impose-section impose-selected" }, name, chip, actions, strip, more);
  watch(() => {
    const id = editor.selected.value;
    card.hidden = id === null || editor.questions.open.value !== null || editor.edits.limits.value !== null;
    if (id === null) return;
    const here = editor.present.value.includes(id);
    setText(name, here ? `Person ${id}` : `Person ${id} · not in this frame`);
    const can = editor.store.canEdit.value;
    for (const b of actions.querySelectorAll("button")) {
      const anywhere = ["copy pose", "swap", "merge", "box for person", "boxes", "guide"].includes(b.dataset.command!);
      b.disabled = !can || !(here || anywhere);
    }
    more.disabled = !can;
  });
  return card;
}

/** All keypoints of the selected person, with their state; a click selects one, or asks where an absent one is. */
function keypointStrip(editor: Editor, watch: Watch): HTMLElement {
  const strip = h("div", { class: "impose-keypoints", role: "group", "aria-label": "Keypoints" });
  let buttons: HTMLButtonElement[] = [];
  watch(() => {
    const names = editor.store.clip.value?.skeleton.keypoints ?? [];
    buttons = names.map((keypoint, k) =>
      h(
        "button",
        { type: "button", class: "impose-chip", onclick: () => choose(editor, k) },
        h("span", { class: "impose-dot", "aria-hidden": "true" }),
        short(keypoint),
      ),
    );
    fill(strip, ...buttons);
  });
  // As text: equal, and the chips at rest, while a keypoint is dragged.
  const flagsOfAll = computed(() => {
    const pose = editor.selectedPose();
    return pose ? [...pose.flags.keys()].map((k) => (placed(pose, k) ? pose.flags[k]! : 0)).join() : "";
  });
  watch(() => {
    const all = flagsOfAll.value.split(",");
    const chosen = editor.keypoint.value;
    const names = editor.store.clip.value?.skeleton.keypoints ?? [];
    buttons.forEach((b, k) => {
      const flags = Number(all[k] ?? 0);
      const state = ["absent", "occluded", "visible"][visibilityOf(flags)]!;
      b.dataset.state = state;
      b.dataset.anchor = String(isAnchor(flags));
      b.setAttribute("aria-pressed", String(k === chosen));
      b.title = `${plain(names[k]!)}: ${state}${isAnchor(flags) ? ", placed by hand" : ""}`;
    });
  });
  return strip;
}

function choose(editor: Editor, k: number): void {
  const pose = editor.selectedPose();
  if (pose && placed(pose, k)) editor.select(pose.track_id, k);
  else editor.edits.askWhere(k);
}

function issueCard(editor: Editor, watch: Watch): HTMLElement {
  const title = h("h3");
  const reason = h("p", { class: "impose-reason" });
  const mend = h(
    "button",
    { type: "button", class: "impose-primary", onclick: () => editor.commands["mend issue"]() },
    "Mend",
  );
  const card = h(
    "section",
    { class: "impose-section impose-issue", "aria-live": "polite" },
    title,
    reason,
    mend,
    h(
      "div",
      { class: "impose-row" },
      button(editor, "accept issue", "saved", "It is right"),
      button(editor, "ignore issue", "close", "Ignore"),
      button(editor, "next issue", "next"),
    ),
  );
  watch(() => {
    const issue = editor.review.issue.value;
    card.hidden = issue === null;
    if (!issue) return;
    const open = editor.store.openIssues.value;
    setText(title, `Issue: frame ${issue.frame}${open ? ` · ${open} open` : ""}`);
    setText(reason, issue.reason);
    const fix = editor.review.fix.value;
    mend.hidden = !fix || editor.questions.open.value !== null;
    mend.disabled = !editor.store.canEdit.value;
    if (fix) fill(mend, fix.words, h("kbd", {}, "↵"));
    for (const b of card.querySelectorAll("button"))
      if (b.dataset.command !== "next issue") b.disabled = !editor.store.canEdit.value;
  });
  return card;
}
