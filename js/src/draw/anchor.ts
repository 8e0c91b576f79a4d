/** An anchor is a diamond wherever it is drawn: on a person, on a trail, on the timeline. */

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Adds the outline to the path. */
export function anchorPath(g: Context, x: number, y: number, r: number): void {
  g.moveTo(x, y - r);
  g.lineTo(x + r, y);
  g.lineTo(x, y + r);
  g.lineTo(x - r, y);
  g.closePath();
}

/** Fills the path in the colours of an anchor that stands by itself. */
export function paintAnchors(g: Context, width: number): void {
  g.fillStyle = "#fff";
  g.fill();
  g.lineWidth = width;
  g.strokeStyle = "rgb(12 14 20 / 0.85)";
  g.stroke();
}
