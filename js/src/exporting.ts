/** A file to be written: what it would not hold is known before, and that it was read back, after. */

import { type Signal, signal } from "@preact/signals-core";
import type { Exported, Losses } from "./protocol";
import type { Store } from "./store";

export class Exporting {
  readonly open: Signal<boolean> = signal(false);
  readonly losses: Signal<Losses | null> = signal<Losses | null>(null);
  readonly done: Signal<Exported | null> = signal<Exported | null>(null);
  readonly trouble: Signal<string> = signal("");
  readonly busy: Signal<boolean> = signal(false);
  readonly replace: Signal<boolean> = signal(false);

  constructor(private readonly store: Store) {}

  start(): void {
    this.open.value = true;
    void this.look(this.losses.value?.format ?? "coco", "");
  }

  /** Ask what a file would not hold; without a path, one is proposed. */
  async look(format: string, path: string): Promise<void> {
    this.done.value = null;
    this.trouble.value = "";
    this.replace.value = false;
    await this.attempt(async () => {
      [this.losses.value] = await this.store.bridge.request({ kind: "losses", format, path });
    });
  }

  async write(path: string): Promise<void> {
    const { losses } = this;
    if (!losses.value || this.busy.value) return;
    this.done.value = null;
    await this.attempt(async () => {
      const { format } = losses.value!;
      const order = { kind: "export", format, path, replace: this.replace.value } as const;
      [this.done.value] = await this.store.bridge.request(order);
      losses.value = { ...losses.value!, path, exists: true };
    });
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    this.busy.value = true;
    this.trouble.value = "";
    try {
      await act();
    } catch (error) {
      this.trouble.value = (error as Error).message;
    } finally {
      this.busy.value = false;
    }
  }
}
