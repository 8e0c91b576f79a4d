/** The part of the picture that one view shows. */

import { type Signal, signal } from "@preact/signals-core";
import { type Area, type Camera, fit, fitBox, type Point, pan, resized, sees, toScreen, zoomAt } from "./camera";
import type { Store } from "./store";

export class Viewport {
  readonly camera: Signal<Camera> = signal<Camera>({ scale: 1, x: 0, y: 0 });
  private area: Area = { width: 1, height: 1 };
  private fitted = true;

  constructor(private readonly store: Store) {}

  /** Size of the video. */
  get image(): Area {
    return this.store.clip.value?.video ?? { width: 1, height: 1 };
  }

  resize(area: Area): void {
    const before = this.area;
    this.area = area;
    if (this.fitted || before.width <= 1) this.fit();
    else this.camera.value = resized(this.camera.value, before, area, this.image);
  }

  fit(): void {
    this.fitted = true;
    this.camera.value = fit(this.area, this.image);
  }

  zoom(factor: number, at: Point = [this.area.width / 2, this.area.height / 2]): void {
    this.show(zoomAt(this.camera.value, at, factor, this.area, this.image));
  }

  panBy(dx: number, dy: number): void {
    this.show(pan(this.camera.value, dx, dy, this.area, this.image));
  }

  zoomTo(box: readonly [number, number, number, number], room?: number): void {
    this.show(fitBox(this.area, this.image, box, room));
  }

  /** A point of the image into the middle, as far as there is picture beside it. */
  centre([x, y]: Point): void {
    const { scale } = this.camera.value;
    const side = (size: number) => size / scale;
    const [w, h] = [side(this.area.width), side(this.area.height)];
    this.show(fitBox(this.area, this.image, [x - w / 2, y - h / 2, w, h], 1));
  }

  /** Move the picture so that the middle of a box can be seen, if it cannot. */
  reveal([x, y, w, h]: readonly [number, number, number, number]): void {
    const middle: Point = [x + w / 2, y + h / 2];
    if (this.fitted || sees(this.camera.value, this.area, middle)) return;
    const [sx, sy] = toScreen(this.camera.value, middle);
    this.panBy(this.area.width / 2 - sx, this.area.height / 2 - sy);
  }

  private show(camera: Camera): void {
    this.fitted = false;
    this.camera.value = camera;
  }
}
