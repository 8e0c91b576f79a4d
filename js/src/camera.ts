/**
 * Between the image and the screen. Pure.
 *
 * Image points have integers at pixel centres; the image's corner is at (-0.5, -0.5). Screen points are CSS pixels from
 * the canvas's corner.
 */

export type Point = readonly [x: number, y: number];

export interface Camera {
  readonly scale: number; // CSS pixels per image pixel
  readonly x: number; // where the image's corner is on the screen
  readonly y: number;
}

export interface Area {
  readonly width: number;
  readonly height: number;
}

export const MAX_SCALE = 40;
const MARGIN = 48; // CSS pixels of the image that stay in view

export function toScreen(camera: Camera, [x, y]: Point): [number, number] {
  return [camera.x + (x + 0.5) * camera.scale, camera.y + (y + 0.5) * camera.scale];
}

export function toImage(camera: Camera, [x, y]: Point): [number, number] {
  return [(x - camera.x) / camera.scale - 0.5, (y - camera.y) / camera.scale - 0.5];
}

/** The whole image, in the middle. */
export function fit(view: Area, image: Area): Camera {
  const scale = Math.max(1e-6, Math.min(view.width / image.width, view.height / image.height));
  return centred(view, [image.width / 2 - 0.5, image.height / 2 - 0.5], scale);
}

/** A rectangle [x, y, w, h] of the image with some room about it, as far as there is picture. */
export function fitBox(view: Area, image: Area, box: readonly [number, number, number, number], room = 1.5): Camera {
  const [x, y, w, h] = box;
  const wanted = Math.min(view.width / Math.max(1, w * room), view.height / Math.max(1, h * room));
  const scale = Math.min(MAX_SCALE, Math.max(wanted, fit(view, image).scale));
  const camera = centred(view, [x + w / 2, y + h / 2], scale);
  const filled = (at: number, size: number, space: number) =>
    size <= space ? (space - size) / 2 : Math.min(0, Math.max(space - size, at));
  return {
    scale,
    x: filled(camera.x, image.width * scale, view.width),
    y: filled(camera.y, image.height * scale, view.height),
  };
}

/** Zoomed by a factor, with the image point under `at` staying where it is. */
export function zoomAt(camera: Camera, at: Point, factor: number, view: Area, image: Area): Camera {
  const least = fit(view, image).scale * 0.5;
  const scale = Math.min(MAX_SCALE, Math.max(least, camera.scale * factor));
  const ratio = scale / camera.scale;
  return inView({ scale, x: at[0] - (at[0] - camera.x) * ratio, y: at[1] - (at[1] - camera.y) * ratio }, view, image);
}

export function pan(camera: Camera, dx: number, dy: number, view: Area, image: Area): Camera {
  return inView({ ...camera, x: camera.x + dx, y: camera.y + dy }, view, image);
}

/** The same place in a view of another size: what was in the middle stays there. */
export function resized(camera: Camera, before: Area, after: Area, image: Area): Camera {
  const was = fit(before, image).scale;
  const scale = was > 0 ? (camera.scale / was) * fit(after, image).scale : camera.scale;
  return inView(centred(after, toImage(camera, [before.width / 2, before.height / 2]), scale), after, image);
}

/** Whether a point of the image is on the screen, with some margin. */
export function sees(camera: Camera, view: Area, point: Point, margin = 24): boolean {
  const [x, y] = toScreen(camera, point);
  return x >= margin && y >= margin && x <= view.width - margin && y <= view.height - margin;
}

function centred(view: Area, point: Point, scale: number): Camera {
  return { scale, x: view.width / 2 - (point[0] + 0.5) * scale, y: view.height / 2 - (point[1] + 0.5) * scale };
}

/** Some of the image stays on the screen. */
function inView(camera: Camera, view: Area, image: Area): Camera {
  const keep = (at: number, size: number, room: number) => {
    const margin = Math.min(MARGIN, room / 2, size / 2);
    return Math.min(room - margin, Math.max(margin - size, at));
  };
  return {
    scale: camera.scale,
    x: keep(camera.x, image.width * camera.scale, view.width),
    y: keep(camera.y, image.height * camera.scale, view.height),
  };
}
