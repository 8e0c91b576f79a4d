/** The line at the bottom: what is running, with Stop, and the last thing that was said. */

import type { Editor } from "../editor";
import type { Job } from "../protocol";
import { fill, h, setText, type Watch } from "./dom";
import { icon } from "./icons";

const WORDS: Record<string, string> = { propagate: "Propagating corrections", initialize: "Finding people" };
const SAY_FOR = 6000; // ms

export function statusLine(editor: Editor, watch: Watch): HTMLElement {
  const { store } = editor;
  const said = h("span", { class: "impose-said", role: "status", "aria-live": "polite" });
  const busy = h("span", { class: "impose-busy", role: "status" });
  const jobs = h("span", { class: "impose-jobs" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(() => {
    const notice = store.notice.value;
    clearTimeout(timer);
    setText(said, notice?.text ?? "");
    said.dataset.level = notice?.level ?? "info";
    if (notice?.level === "info") timer = setTimeout(() => setText(said, ""), SAY_FOR);
  });
  watch(() => {
    const waits = store.bridge.busy.value && store.bridge.link.value !== "dead";
    setText(busy, waits ? "The kernel is busy; what you do is sent and waits its turn." : "");
  });
  const rows = new Map<number, ReturnType<typeof jobRow>>();
  watch(() => {
    const running = [...store.jobs.value.values()];
    for (const id of rows.keys()) if (!store.jobs.value.has(id)) rows.delete(id);
    for (const job of running) {
      if (!rows.has(job.job)) rows.set(job.job, jobRow(editor, job));
      rows.get(job.job)!.update(job);
    }
    const elements = running.map((job) => rows.get(job.job)!.element);
    if (elements.length !== jobs.children.length || elements.some((e, i) => e !== jobs.children[i]))
      fill(jobs, ...elements);
  });
  const key = h("kbd");
  const tip = h("span", { class: "impose-tip" }, "Drag a keypoint to correct it. ", key, " shows the keys.");
  watch(() => setText(key, editor.keymap.value.keyOf("help")));
  return h("div", { class: "impose-status" }, jobs, busy, said, tip, facts(editor, watch));
}

function jobRow(editor: Editor, first: Job) {
  const label = h("span");
  const bar = h("progress", { max: 1, "aria-label": WORDS[first.what] ?? first.what });
  const stop = h(
    "button",
    {
      type: "button",
      class: "impose-button impose-stop",
      title: first.what === "initialize" ? "Stop looking" : "Stop, and keep what is done (Esc)",
      "aria-label": "Stop",
      onclick: () => void editor.store.cancel(first.job),
    },
    icon("stop"),
    h("span", {}, "Stop"),
  );
  const element = h("span", { class: "impose-job", "data-what": first.what }, label, bar, stop);
  const update = (job: Job) => {
    setText(label, job.text || WORDS[job.what] || job.what);
    if (job.total) bar.value = (job.done ?? 0) / job.total;
    else bar.removeAttribute("value");
  };
  return { element, update };
}

/** Clicks so far and the video's peculiarities, at the right. */
function facts(editor: Editor, watch: Watch): HTMLElement {
  const element = h("span", { class: "impose-facts" });
  watch(() => {
    const state = editor.store.state.value;
    const clip = editor.store.clip.value;
    if (!state || !clip) return;
    const minutes = Math.floor(state.active_seconds / 60);
    const time = minutes > 0 ? `${minutes} min` : `${Math.round(state.active_seconds)} s`;
    setText(element, `${clip.video.name} · ${state.clicks} ${state.clicks === 1 ? "click" : "clicks"} · ${time}`);
    element.title = ["Clicks and active time so far.", ...clip.video.notes].join("\n");
  });
  return element;
}
