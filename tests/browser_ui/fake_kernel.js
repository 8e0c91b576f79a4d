// A stand-in for anywidget's model with a kernel behind it: poses in memory, edits that do what a session does to them
// as far as a page can see it, and a log of everything that was asked.

export class FakeModel {
  constructor(traits) {
    this.traits = traits;
    this.listeners = new Map();
    this.sent = [];
    this.kernel = null; // (content) => void
    this.dead = false;
  }
  get(name) {
    return this.traits[name];
  }
  on(name, f) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(f);
  }
  off(name, f) {
    this.listeners.get(name)?.delete(f);
  }
  fire(name, ...values) {
    for (const f of [...(this.listeners.get(name) ?? [])]) f(...values);
  }
  send(content) {
    if (this.dead) throw new Error("Cannot send");
    const copy = structuredClone(content);
    this.sent.push(copy);
    this.kernel?.(copy);
  }
  receive(content, buffers = []) {
    // Buffers of real messages lie somewhere inside a larger piece of memory.
    const views = buffers.map((b) => {
      const bytes = new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength);
      const memory = new Uint8Array(bytes.length + 3);
      memory.set(bytes, 3);
      return new DataView(memory.buffer, 3, bytes.length);
    });
    this.fire("msg:custom", structuredClone(content), views);
  }
}

const COLOURS = ["#ffaa14", "#46afff", "#14c88c", "#f06ebe", "#f5e646", "#eb5a14", "#786eff", "#c8c8cd"];

export class FakeKernel {
  /** scene: {video, skeleton, times, poses: {frame: {track: {xy: [[x, y] or null], score, flags, box, marks}}}} */
  constructor(model, scene, frameBytes) {
    this.model = model;
    this.scene = scene;
    this.frameBytes = frameBytes;
    this.revision = 1;
    this.latency = 0;
    this.hold = new Set(); // kinds that are not answered
    this.refuse = new Map(); // action -> [code, message]
    this.past = [];
    this.future = [];
    this.options = { auto_propagate: true };
    this.issues = [];
    this.verdicts = new Map(); // "frame track" -> {verdict, comment}
    this.files = new Set(["taken.json"]);
    this.guide = {
      name: "Ours",
      text: "# Who\n\n1. **Eight** visible <b>keypoints</b>\n2. *Blur*",
      file: null,
      digest: "0a1b2c3d",
      policy: "ignore_region",
    };
    this.formats = [
      { format: "coco", description: "COCO keypoints JSON.", suffix: ".json", needs: "" },
      { format: "mot", description: "Boxes.", suffix: ".txt", needs: "" },
    ];
    this.lost = { coco: [], mot: [{ aspect: "keypoints", n: 17, what: "left out" }] };
    this.jobs = [];
    this.readOnly = false;
    this.storeName = "clip.mp4.impose";
    this.asked = 0;
    this.clicks = 0;
    model.kernel = (content) => setTimeout(() => this.handle(content), this.latency);
  }

  get K() {
    return this.scene.skeleton.keypoints.length;
  }

  say(content, buffers) {
    this.model.receive(content, buffers);
  }

  async handle(m) {
    this.asked++;
    if (this.hold.has(m.kind)) return;
    const reply = (content, buffers) => this.say({ rid: m.rid, client: m.client, ...content }, buffers);
    switch (m.kind) {
      case "hello":
        if (m.version !== 1)
          return reply({ kind: "error", code: "version", message: `Expected version 1, got ${m.version}.` });
        return reply(
          {
            kind: "welcome",
            version: 1,
            video: this.scene.video,
            skeleton: this.scene.skeleton,
            state: this.state(),
            jobs: this.jobs,
            options: this.options,
          },
          [new Float64Array(this.scene.times)],
        );
      case "frames": {
        const bytes = await Promise.all(m.want.map((f) => this.frameBytes(f, m.size)));
        return reply({ kind: "frames", frames: m.want, size: m.size }, bytes);
      }
      case "poses": {
        const rows = this.rows([[m.first, m.stop - 1]], null);
        return reply(
          { kind: "poses", first: m.first, stop: m.stop, revision: this.revision, n: rows.n },
          rows.buffers,
        );
      }
      case "edit":
        return this.edit(m, reply);
      case "propagate":
        this.job = (this.job ?? 0) + 1;
        reply({ kind: "job", job: this.job, what: "propagate" });
        return this.onPropagate?.(m, this.job);
      case "initialize":
        this.job = (this.job ?? 0) + 1;
        return reply({ kind: "job", job: this.job, what: "initialize" });
      case "issue": {
        const open = this.issues.filter((i) => !i.state);
        const at = this.issues.findIndex((i) => i.issue === m.after);
        const next = this.issues.slice(at + 1).find((i) => !i.state);
        const { state: _, ...issue } = next ?? {};
        return reply({ kind: "issue", issue: next ? issue : null, n_open: open.length });
      }
      case "issues": {
        const open = this.issues.filter((i) => !i.state);
        const issues = open.slice(0, m.limit).map(({ state: _, ...issue }) => issue);
        return reply({ kind: "issues", issues, n_open: open.length });
      }
      case "lanes": {
        const { sure, marks, track_ids } = this.lanes(m);
        const { first, stop, bins } = m;
        return reply({ kind: "lanes", revision: this.revision, first, stop, bins, track_ids }, [sure, marks]);
      }
      case "curve": {
        const { first, stop, bins, track_id, keypoint, what } = m;
        const { low, high, worst } = this.curve(m);
        const about = { revision: this.revision, first, stop, bins, track_id, keypoint, what };
        return reply({ kind: "curve", ...about }, [low, high, worst]);
      }
      case "before": {
        const rows = this.rows([[m.first, m.stop - 1]], null, this.replaced());
        const frames = [...new Set(Object.entries(this.replaced()).filter(([, p]) => Object.keys(p).length)
          .map(([f]) => Number(f)))].map((f) => [f, f]);
        const track_ids = [...new Set(Object.values(this.replaced()).flatMap((p) => Object.keys(p).map(Number)))];
        const { action = null } = this.carried ?? {};
        return reply({ kind: "before", action, frames, track_ids, first: m.first, stop: m.stop, n: rows.n }, rows.buffers);
      }
      case "guide":
        return reply({ kind: "guide", ...this.guide });
      case "judged":
        return reply({ kind: "judged", frame: m.frame, revision: this.revision, blur: m.blur, people: this.judge(m) });
      case "review":
        return reply({ kind: "review", revision: this.revision, ...this.reviewed(m) });
      case "meters":
        return reply({ kind: "meters", values: this.metrics() });
      case "losses": {
        const path = m.path || `made${this.formats.find((f) => f.format === m.format).suffix}`;
        const exists = this.files.has(path);
        return reply({ kind: "losses", format: m.format, path, exists, losses: this.lost[m.format], formats: this.formats });
      }
      case "export":
        if (this.files.has(m.path) && !m.replace)
          return reply({ kind: "error", code: "value", message: `There is a file ${m.path} already.` });
        this.files.add(m.path);
        return reply({ kind: "export", path: `/data/${m.path}`, size: 20480, said: "" });
      case "option":
        this.options = { ...this.options, [m.name]: m.value };
        reply({ kind: "ok" });
        return this.say({ kind: "options", ...this.options });
      case "cancel":
        this.onCancel?.(m);
        return reply({ kind: "ok" });
      case "ping":
        return reply({ kind: "ok" });
    }
  }

  /** Visible keypoints against eight, and what was said of each. */
  judge({ frame, blur }) {
    return Object.entries(this.scene.poses[frame] ?? {}).map(([id, { flags }]) => {
      const n_visible = flags.filter((f) => (f & 3) === 2).length;
      const meets = n_visible >= 8;
      const { verdict = "open", comment = "" } = this.verdicts.get(`${frame} ${id}`) ?? {};
      return {
        track_id: Number(id),
        n_visible,
        needed: 8,
        size: 140,
        truncated: false,
        blurred: blur && Number(id) === 2 ? ["left_wrist"] : [],
        given: false,
        meets,
        kept: meets,
        reason: meets ? "" : `${n_visible} of 8 visible keypoints`,
        verdict,
        comment,
        changed_since: false,
      };
    });
  }

  reviewed({ frame, track_id }) {
    const places = Object.entries(this.scene.poses).flatMap(([f, p]) => Object.keys(p).map((i) => [Number(f), Number(i)]));
    const said = (v) => [...this.verdicts.values()].filter(({ verdict }) => verdict === v).length;
    const open = places.filter(([f, i]) => !["accepted", "rejected"].includes(this.verdicts.get(`${f} ${i}`)?.verdict));
    const after = ([f, i]) => f > frame || (f === frame && i > (track_id ?? -1));
    const comments = [...this.verdicts].filter(([, v]) => v.comment);
    return {
      person_frames: places.length,
      accepted: said("accepted"),
      rejected: said("rejected"),
      next: open.find(after) ?? open[0] ?? null,
      comments: comments.map(([place, { verdict, comment }]) => {
        const [f, i] = place.split(" ").map(Number);
        return { frame: f, frame_end: f, track_id: i, verdict, comment };
      }),
    };
  }

  metrics() {
    const tracks = this.state().people.length;
    return {
      clicks: this.clicks,
      keypoint_clicks: this.clicks,
      box_clicks: 0,
      identity_clicks: 0,
      active_seconds: 12 * this.clicks,
      seconds_per_person_frame: (12 * this.clicks) / 198,
      clicks_per_track: this.clicks / tracks,
      propagated_per_click: 0,
    };
  }

  edit(m, reply) {
    const { action, args } = m;
    if (this.refuse.has(action)) {
      const [code, message] = this.refuse.get(action);
      return reply({ kind: "error", code, message });
    }
    const before = structuredClone(this.scene.poses);
    let result = null;
    if (action === "undo" || action === "redo") {
      const [from, to] = action === "undo" ? [this.past, this.future] : [this.future, this.past];
      const step = from.pop();
      if (step) {
        to.push({ text: step.text, poses: before });
        this.scene.poses = step.poses;
        result = step.text;
      }
    } else {
      result = this.apply(action, args) ?? null;
      this.past.push({ text: `${action} of person ${args.track_id ?? args.a}`, poses: before });
      this.future = [];
      this.clicks++;
    }
    this.revision++;
    this.changed(action);
    reply({ kind: "done", revision: this.revision, result });
  }

  apply(action, a) {
    const { poses } = this.scene;
    const pose = poses[a.frame]?.[a.track_id];
    const k = this.scene.skeleton.keypoints.indexOf(a.keypoint);
    const onwards = (frame) => Object.keys(poses).map(Number).filter((f) => f >= frame);
    switch (action) {
      case "correct": {
        const at = (poses[a.frame] ??= {});
        at[a.track_id] ??= this.empty();
        at[a.track_id].xy[k] = a.xy;
        at[a.track_id].flags[k] = a.visibility | (4 << 2) | 32;
        at[a.track_id].marks |= 1;
        return;
      }
      case "set_visibility":
        pose.flags[k] = a.visibility | (4 << 2) | 32;
        if (a.visibility === 0) pose.xy[k] = null;
        return;
      case "set_anchor":
        pose.flags = pose.flags.map((f) => (f & 3 ? (a.on ? f | 32 : f & ~32) : f));
        return;
      case "move": {
        const known = pose.xy.filter(Boolean);
        const middle = [0, 1].map((i) => {
          const values = known.map((p) => p[i]);
          return (Math.min(...values) + Math.max(...values)) / 2;
        });
        pose.xy = pose.xy.map((p) => p && p.map((v, i) => middle[i] + (v - middle[i]) * a.scale + a.dxy[i]));
        return;
      }
      case "flip":
        for (const [l, r] of this.scene.skeleton.flip_pairs) {
          [pose.xy[l], pose.xy[r]] = [pose.xy[r], pose.xy[l]];
          [pose.flags[l], pose.flags[r]] = [pose.flags[r], pose.flags[l]];
        }
        return;
      case "copy_pose":
        poses[a.to_frame][a.track_id] = structuredClone(poses[a.from_frame][a.track_id]);
        return;
      case "draw_box": {
        const id = a.track_id ?? this.nextId();
        const [x, y, w, h] = a.box_xywh;
        const p = this.empty();
        p.xy = p.xy.map((_, i) => [x + (w * (1 + (i % 3))) / 4, y + (h * (i + 1)) / (this.K + 1)]);
        p.flags = p.flags.map(() => 2);
        p.score = p.score.map(() => 200);
        p.box = a.box_xywh;
        (poses[a.frame] ??= {})[id] = p;
        return id;
      }
      case "set_box": {
        const known = pose.xy.filter(Boolean);
        const [x, y] = [0, 1].map((i) => known.map((p) => p[i]));
        const [left, top] = [Math.min(...x), Math.min(...y)];
        pose.box = a.box_xywh ?? [left, top, Math.max(...x) - left, Math.max(...y) - top];
        pose.marks = a.box_xywh ? pose.marks | 4 : pose.marks & ~4;
        return;
      }
      case "swap":
        for (const f of a.scope === "frame" ? [a.frame] : onwards(a.frame))
          [poses[f][a.a], poses[f][a.b]] = [poses[f][a.b], poses[f][a.a]];
        return this.tidy();
      case "assign":
        for (const f of a.scope === "frame" ? [a.frame] : onwards(a.frame))
          [poses[f][a.track_id], poses[f][a.new_track_id]] = [poses[f][a.new_track_id], poses[f][a.track_id]];
        return this.tidy();
      case "merge":
        for (const people of Object.values(poses)) {
          people[a.a] ??= people[a.b];
          delete people[a.b];
        }
        return this.tidy();
      case "split": {
        const id = this.nextId();
        for (const f of onwards(a.frame)) {
          poses[f][id] = poses[f][a.track_id];
          delete poses[f][a.track_id];
        }
        this.tidy();
        return id;
      }
      case "delete":
        for (const f of Array.isArray(a.scope)
          ? onwards(a.scope[0]).filter((f) => f <= a.scope[1])
          : a.scope === "frame"
            ? [a.frame]
            : a.scope === "all"
              ? onwards(0)
              : onwards(a.frame))
          delete poses[f][a.track_id];
        return;
      case "reject": {
        let n = 0;
        for (const [f, people] of Object.entries(this.replaced()))
          for (const [id, pose] of Object.entries(people)) {
            if (a.tracks && !a.tracks.includes(Number(id))) continue;
            if (a.frames && (f < a.frames[0] || f > a.frames[1])) continue;
            poses[f][id] = structuredClone(pose);
            n++;
          }
        return n;
      }
      case "review": {
        const frames = a.frame === null ? onwards(0) : [a.frame];
        for (const f of frames)
          for (const i of a.track_id === null ? Object.keys(poses[f]) : [a.track_id]) {
            const held = this.verdicts.get(`${f} ${i}`);
            const verdict = a.verdict === "comment" ? (held?.verdict ?? "open") : a.verdict;
            this.verdicts.set(`${f} ${i}`, { verdict, comment: a.comment });
          }
        return frames.length * (a.track_id === null ? 3 : 1);
      }
      case "resolve_issue":
        this.issues.find((i) => i.issue === a.issue).state = a.state;
        return;
    }
  }

  /** Carry a person by some pixels through frames, as a propagation does. */
  carry(track_id, [first, last], [dx, dy]) {
    const { poses } = this.scene;
    this.carried = { action: this.revision + 1, poses: structuredClone(poses) };
    for (let f = first; f <= last; f++) {
      const pose = poses[f][track_id];
      pose.xy = pose.xy.map(([x, y]) => [x + dx, y + dy]);
      pose.flags = pose.flags.map((flags) => (flags & ~28) | 4);
    }
    this.revision++;
    this.changed("propagate");
    const n = last - first + 1;
    const what = { kind: "finished", job: 1, what: "propagate", stopped: "", frames: n, keypoints: 17 * n };
    this.say({ ...what, seconds: 0.1, track_ids: [track_id] });
  }

  /** What the last propagation replaced and is not back: {frame: {track: pose}}. */
  replaced() {
    const out = {};
    for (const [f, people] of Object.entries(this.carried?.poses ?? {}))
      for (const [id, pose] of Object.entries(people))
        if (JSON.stringify(pose) !== JSON.stringify(this.scene.poses[f]?.[id])) (out[f] ??= {})[id] = pose;
    return out;
  }

  empty() {
    const row = (v) => Array.from({ length: this.K }, () => v);
    return { xy: row(null), score: row(0), flags: row(0), box: [NaN, NaN, NaN, NaN], marks: 0 };
  }

  tidy() {
    for (const people of Object.values(this.scene.poses))
      for (const id of Object.keys(people)) if (!people[id]) delete people[id];
  }

  nextId() {
    return 1 + Math.max(-1, ...Object.values(this.scene.poses).flatMap((p) => Object.keys(p).map(Number)));
  }

  /** The lowest mean score of each person in each part of [first, stop), and bits of what is in it. */
  lanes({ first, stop, bins }) {
    const { poses } = this.scene;
    const track_ids = this.state().people.map((p) => p.track_id);
    const sure = new Uint8Array(track_ids.length * bins);
    const marks = new Uint8Array(sure.length);
    for (let frame = first; frame < stop; frame++)
      for (const [id, { score, flags, marks: waits }] of Object.entries(poses[frame] ?? {})) {
        const bin = Math.floor(((frame - first) * bins) / (stop - first));
        const at = track_ids.indexOf(Number(id)) * bins + bin;
        const known = score.filter((_, k) => flags[k] & 3);
        const mean = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
        sure[at] = Math.min(sure[at] || 255, 1 + Math.round((254 * mean) / 255));
        for (const f of flags) marks[at] |= (f & 32 ? 1 : 0) | (((f >> 2) & 7) === 1 ? 2 : 0);
        if (waits & 1) marks[at] |= 8;
      }
    return { sure, marks, track_ids };
  }

  /** Tell the views that everything may have changed; `n` null: they fetch what they show. */
  changed(action, frames = [[0, this.scene.video.n_frames - 1]], few = true) {
    const before = this.known ?? [];
    const ids = [...new Set(Object.values(this.scene.poses).flatMap((p) => Object.keys(p).map(Number)))];
    this.known = ids;
    const rows = few ? this.rows(frames, null) : { n: null, buffers: [] };
    const track_ids = [...new Set([...before, ...ids])];
    this.say(
      { kind: "changed", revision: this.revision, action, frames, track_ids, state: this.state(), n: rows.n },
      rows.buffers,
    );
  }

  state() {
    const people = new Map();
    for (const [frame, here] of Object.entries(this.scene.poses))
      for (const [id, pose] of Object.entries(here)) {
        const f = Number(frame);
        const p = people.get(Number(id)) ?? {
          track_id: Number(id),
          colour: COLOURS[Number(id) % COLOURS.length],
          first: f,
          last: f,
          n_frames: 0,
          n_anchors: 0,
          anchors: [],
          pending: [],
        };
        people.set(Number(id), p);
        p.first = Math.min(p.first, f);
        p.last = Math.max(p.last, f);
        p.n_frames++;
        if (pose.flags.some((x) => x & 32)) p.anchors.push(f);
        if (pose.marks & 1) p.pending.push(f);
        p.n_anchors = p.anchors.length;
      }
    return {
      revision: this.revision,
      people: [...people.values()].sort((a, b) => a.track_id - b.track_id),
      all: true,
      gone: [],
      found: this.found ?? [[0, this.scene.video.n_frames - 1]],
      undo: this.past.at(-1)?.text ?? null,
      redo: this.future.at(-1)?.text ?? null,
      next_track_id: this.nextId(),
      read_only: this.readOnly,
      store: this.storeName,
      clicks: this.clicks,
      active_seconds: 12 * this.clicks,
    };
  }

  /** Mean scores of somebody, or of a keypoint, or how far it moved. */
  curve({ first, stop, bins, track_id, keypoint, what }) {
    const ks = keypoint === null ? [...Array(this.K).keys()] : [this.scene.skeleton.keypoints.indexOf(keypoint)];
    const at = (f) => this.scene.poses[f]?.[track_id];
    const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : Number.NaN);
    const score = (f) => mean(ks.filter((k) => at(f)?.xy[k]).map((k) => at(f).score[k] / 255));
    const way = (k, f) => Math.hypot(at(f).xy[k][0] - at(f - 1).xy[k][0], at(f).xy[k][1] - at(f - 1).xy[k][1]);
    const motion = (f) => mean(ks.filter((k) => at(f)?.xy[k] && at(f - 1)?.xy[k]).map((k) => way(k, f)));
    const [low, high] = [new Float32Array(bins).fill(Number.NaN), new Float32Array(bins).fill(Number.NaN)];
    const worst = new Int32Array(bins).fill(-1);
    for (let f = first; f < stop; f++) {
      const v = what === "score" ? score(f) : motion(f);
      const b = Math.floor(((f - first) * bins) / (stop - first));
      if (Number.isNaN(v)) continue;
      if (worst[b] < 0 || (what === "score" ? v < low[b] : v > high[b])) worst[b] = f;
      low[b] = worst[b] === f && Number.isNaN(low[b]) ? v : Math.min(low[b], v);
      high[b] = Number.isNaN(high[b]) ? v : Math.max(high[b], v);
    }
    return { low, high, worst };
  }

  rows(spans, ids, poses = this.scene.poses) {
    const list = [];
    for (const [a, b] of spans)
      for (let f = a; f <= b; f++)
        for (const [id, pose] of Object.entries(poses[f] ?? {}))
          if (!ids || ids.includes(Number(id))) list.push([f, Number(id), pose]);
    const [n, K] = [list.length, this.K];
    const who = new Int32Array(2 * n);
    const xy = new Float32Array(2 * n * K);
    const score = new Uint8Array(n * K);
    const flags = new Uint8Array(n * K);
    const box = new Float32Array(4 * n);
    const marks = new Uint8Array(n);
    list.forEach(([f, id, pose], i) => {
      who.set([f, id], 2 * i);
      pose.xy.forEach((p, k) => xy.set(p ?? [NaN, NaN], 2 * (i * K + k)));
      score.set(pose.score, i * K);
      flags.set(pose.flags, i * K);
      box.set(pose.box.map((v) => v ?? NaN), 4 * i);
      marks[i] = pose.marks;
    });
    return { n, buffers: [who, xy, score, flags, box, marks] };
  }
}

/** What Jupyter does with a widget: one model, any number of views. */
export async function mount(widget, model, elements) {
  const definition = typeof widget === "function" ? await widget() : widget;
  const ends = [await definition.initialize?.({ model })];
  for (const el of elements) ends.push(await definition.render({ model, el }));
  return () => {
    for (const end of ends.reverse()) end?.();
  };
}
