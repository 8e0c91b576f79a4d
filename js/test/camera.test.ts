import { describe, expect, it } from "vitest";
import { fit, fitBox, MAX_SCALE, type Point, pan, resized, sees, toImage, toScreen, zoomAt } from "../src/camera";
import { random } from "./random";

const VIEW = { width: 800, height: 600 };
const IMAGE = { width: 1280, height: 720 };

describe("camera", () => {
  it("puts the middle of the first pixel half a pixel from the image's corner", () => {
    const camera = { scale: 2, x: 10, y: 20 };
    expect(toScreen(camera, [0, 0])).toEqual([11, 21]);
    expect(toScreen(camera, [-0.5, -0.5])).toEqual([10, 20]);
    expect(toImage(camera, [11, 21])).toEqual([0, 0]);
  });

  it("goes to the screen and back", () => {
    const next = random();
    for (let i = 0; i < 200; i++) {
      const camera = { scale: 0.1 + 20 * next(), x: 500 * next() - 250, y: 500 * next() - 250 };
      const p: Point = [1280 * next(), 720 * next()];
      const q = toImage(camera, toScreen(camera, p));
      expect(Math.hypot(p[0] - q[0], p[1] - q[1])).toBeLessThan(1e-9);
    }
  });

  it("fits the whole picture into any view", () => {
    const camera = fit(VIEW, IMAGE);
    expect(camera.scale).toBeCloseTo(800 / 1280);
    expect(toScreen(camera, [-0.5, -0.5])[0]).toBeCloseTo(0);
    expect(toScreen(camera, [639.5, 359.5])).toEqual([400, 300]);
  });

  it("keeps what is under the pointer when it zooms", () => {
    const next = random(7);
    for (let i = 0; i < 100; i++) {
      const before = fit(VIEW, IMAGE);
      const at: Point = [100 + 600 * next(), 200 + 200 * next()];
      const after = zoomAt(before, at, 1 + 4 * next(), VIEW, IMAGE);
      const [a, b] = [toImage(before, at), toImage(after, at)];
      expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeLessThan(1e-9);
    }
  });

  it("zooms neither too far in nor out, and never loses the picture", () => {
    const next = random(3);
    let camera = fit(VIEW, IMAGE);
    for (let i = 0; i < 500; i++) {
      camera =
        next() < 0.5
          ? zoomAt(camera, [800 * next(), 600 * next()], Math.exp(4 * next() - 2), VIEW, IMAGE)
          : pan(camera, 4000 * next() - 2000, 4000 * next() - 2000, VIEW, IMAGE);
      expect(camera.scale).toBeLessThanOrEqual(MAX_SCALE);
      expect(camera.scale).toBeGreaterThanOrEqual(fit(VIEW, IMAGE).scale / 2 - 1e-9);
      const right = camera.x + IMAGE.width * camera.scale;
      const bottom = camera.y + IMAGE.height * camera.scale;
      expect(Math.min(right, bottom)).toBeGreaterThan(0);
      expect(camera.x < VIEW.width && camera.y < VIEW.height).toBe(true);
    }
  });

  it("fits a person, and shows the same place after a change of size", () => {
    const box: [number, number, number, number] = [600, 300, 60, 150];
    const camera = fitBox(VIEW, IMAGE, box);
    const middle: Point = [630, 375];
    expect(toScreen(camera, middle)[0]).toBeCloseTo(400, 0);
    expect(sees(camera, VIEW, middle)).toBe(true);
    const whole = fitBox(VIEW, IMAGE, [1100, 10, 150, 700]); // taller than can be enlarged: nothing but picture is shown
    expect(whole.x + IMAGE.width * whole.scale).toBeGreaterThanOrEqual(VIEW.width - 1e-9);
    const smaller = { width: 400, height: 300 };
    const after = resized(camera, VIEW, smaller, IMAGE);
    expect(after.scale).toBeCloseTo(camera.scale / 2);
    expect(toImage(after, [200, 150])[0]).toBeCloseTo(toImage(camera, [400, 300])[0]);
  });

  it("does not break on a view without a size", () => {
    const camera = fit({ width: 0, height: 0 }, IMAGE);
    expect(Object.values(camera).every(Number.isFinite)).toBe(true);
  });
});
