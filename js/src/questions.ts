/** The question about identities that is open in one view, if one is. */

import { batch, type Signal, signal } from "@preact/signals-core";
import type { Editor } from "./editor";
import { editOf, needsOther, type Prompt, type PromptKind } from "./prompt";
import type { Scope, Span } from "./protocol";
import { IDLE } from "./tools/machine";

export class Questions {
  readonly open: Signal<Prompt | null> = signal<Prompt | null>(null);

  constructor(private readonly editor: Editor) {}

  ask(kind: PromptKind, scope: Scope | Span = "onwards"): void {
    const { editor } = this;
    if (!editor.edits.allowed()) return;
    const track_id = editor.selected.value;
    if (track_id === null) return editor.needPerson();
    editor.edits.flush();
    batch(() => {
      editor.edits.limits.value = null;
      this.open.value = { kind, frame: editor.nav.shown.value!, track_id, other: null, scope };
      editor.tool.value = needsOther(kind) ? { name: "picking" } : IDLE;
      editor.nav.pause();
    });
  }

  /** Open a question with everything filled in, for a place that is on its way to the screen. */
  propose(kind: PromptKind, track_id: number, other: number | null, scope: Scope | Span, frame: number): void {
    if (!this.editor.edits.allowed()) return;
    batch(() => {
      this.editor.edits.limits.value = null;
      this.open.value = { kind, frame, track_id, other, scope };
      this.editor.tool.value = needsOther(kind) ? { name: "picking" } : IDLE;
      this.editor.nav.pause();
    });
  }

  pick(other: number | "new"): void {
    const prompt = this.open.value;
    if (!prompt || !needsOther(prompt.kind)) return;
    if (other === prompt.track_id) this.editor.store.say("info", "Choose somebody else.");
    else this.open.value = { ...prompt, other };
  }

  setScope(scope: Scope | Span): void {
    if (this.open.value) this.open.value = { ...this.open.value, scope };
  }

  /** Do what the open question stands for. */
  confirm(): void {
    const prompt = this.open.value;
    const state = this.editor.store.state.value;
    const edit = prompt && state && editOf(prompt, state);
    if (!edit) return;
    this.close();
    const [action, args] = edit;
    void this.editor.store.edit(action, args as never).then((result) => {
      if (result === undefined) return;
      if (prompt.kind === "assign") this.editor.select((args as { new_track_id: number }).new_track_id);
      if (prompt.kind === "split" && typeof result === "number") this.editor.select(result);
      if (prompt.kind === "delete" && prompt.scope === "all") this.editor.select(null);
    });
  }

  close(): void {
    batch(() => {
      this.open.value = null;
      if (this.editor.tool.value.name === "picking") this.editor.tool.value = IDLE;
    });
  }
}
