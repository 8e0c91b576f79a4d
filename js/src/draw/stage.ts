/** Two canvases, one above the other: the picture and what is drawn over it. They are sized here and nowhere else. */

import type { Area, Camera } from "../camera";
import type { Picture } from "../frames";

export class Stage {
  readonly picture: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
  view: Area = { width: 0, height: 0 };
  private ratio = 1;
  private drawn: readonly unknown[] = []; // what the picture was drawn from

  constructor(document: Document) {
    this.picture = document.createElement("canvas");
    this.overlay = document.createElement("canvas");
    this.picture.className = "impose-picture";
    this.overlay.className = "impose-overlay";
    this.picture.setAttribute("aria-hidden", "true");
  }

  /** The size in CSS pixels, and device pixels for each of them; false if it is what it was. */
  resize(width: number, height: number, ratio: number): boolean {
    const same = width === this.view.width && height === this.view.height && ratio === this.ratio;
    if (same) return false;
    this.view = { width, height };
    this.ratio = ratio;
    this.drawn = []; // a canvas that is sized anew is empty
    for (const canvas of [this.picture, this.overlay]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    return true;
  }

  /**
   * The picture under a camera; `image` is the size of the video, whatever the size of the bitmap. One of many that
   * follow each other quickly (`brief`) is scaled in the cheapest way.
   */
  drawPicture(picture: Picture | null, camera: Camera, image: Area, background: string, brief = false): void {
    const asked = [picture, camera, image, background, brief, this.picture.width, this.picture.height];
    if (asked.every((v, i) => v === this.drawn[i])) return; // most of what is drawn anew is drawn over it
    const g = this.picture.getContext("2d", { alpha: false });
    if (!g) return;
    this.drawn = asked;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.fillStyle = background;
    g.fillRect(0, 0, this.picture.width, this.picture.height);
    if (!picture) return;
    const s = camera.scale * this.ratio;
    g.setTransform(s, 0, 0, s, camera.x * this.ratio, camera.y * this.ratio);
    g.imageSmoothingEnabled = s < 6; // so that pixels can be seen
    g.imageSmoothingQuality = brief ? "low" : "high";
    g.drawImage(picture.bitmap, 0, 0, image.width, image.height);
  }

  /** Clear the overlay and draw on it in CSS pixels. */
  drawOverlay(draw: (g: CanvasRenderingContext2D) => void): void {
    const g = this.overlay.getContext("2d");
    if (!g) return;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.overlay.width, this.overlay.height);
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    draw(g);
  }
}
