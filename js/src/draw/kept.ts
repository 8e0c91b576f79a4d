/** A drawing that is made once and copied until what it was made from changes. */

import type { Context } from "./anchor";

export class Kept {
  private readonly canvas = new OffscreenCanvas(1, 1);
  private from: readonly unknown[] = [];

  /** Copy it to `g`, drawn anew if one of `from`, which is all that it is made from, is not what it was. */
  draw(g: Context, from: readonly unknown[], paint: (g: Context) => void): void {
    const { width, height } = g.canvas;
    const now = [...from, width, height];
    if (now.length !== this.from.length || now.some((v, i) => v !== this.from[i])) {
      this.from = now;
      Object.assign(this.canvas, { width, height }); // empties it
      const own = this.canvas.getContext("2d")!;
      own.setTransform(g.getTransform());
      paint(own);
    }
    g.save();
    g.resetTransform();
    g.drawImage(this.canvas, 0, 0);
    g.restore();
  }
}
