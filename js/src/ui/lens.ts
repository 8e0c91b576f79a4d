/** The magnifier: what is under a finger that drags, larger and beside it. */

import { type Area, type Camera, type Point, toScreen } from "../camera";
import { drawScene, type Scene } from "../draw/skeleton";
import { Stage } from "../draw/stage";
import type { Editor } from "../editor";
import type { Picture } from "../frames";
import { h } from "./dom";

export const LENS = 132; // CSS pixels across
const POWER = 2.6; // times the picture's scale
const APART = 34; // from the finger

export interface Lens {
  element: HTMLElement;
  draw(picture: Picture | null, scene: Scene, image: Area, background: string, ratio: number): void;
}

export function lens(editor: Editor): Lens {
  const stage = new Stage(document);
  stage.picture.className = "impose-lens-picture";
  stage.overlay.className = "impose-lens-overlay";
  stage.overlay.setAttribute("aria-hidden", "true");
  const element = h("div", { class: "impose-lens", "aria-hidden": "true", hidden: true }, stage.picture, stage.overlay);
  const draw: Lens["draw"] = (picture, scene, image, background, ratio) => {
    const place = placeOf(editor);
    element.hidden = place === null;
    if (!place) return;
    stage.resize(LENS, LENS, ratio);
    const scale = scene.camera.scale * POWER;
    const camera: Camera = { scale, x: LENS / 2 - (place[0] + 0.5) * scale, y: LENS / 2 - (place[1] + 0.5) * scale };
    stage.drawPicture(picture, camera, image, background);
    stage.drawOverlay((g) => {
      drawScene(g, { ...scene, camera, view: { width: LENS, height: LENS }, bare: true, crosshair: null });
      cross(g);
    });
    const [x, y] = beside(toScreen(scene.camera, place), scene.view);
    element.style.transform = `translate(${x}px, ${y}px)`;
  };
  return { element, draw };
}

/** What is looked at, in the image: the keypoint that follows the finger, or the finger's own place. */
function placeOf(editor: Editor): Point | null {
  const { magnifier } = editor.store.preferences.wishes.peek();
  if (magnifier === "never" || (magnifier === "touch" && !editor.touching.peek())) return null;
  const tool = editor.tool.peek();
  const pointer = editor.pointer.peek();
  if (tool.name === "dragging") return tool.xy;
  if (tool.name === "boxing" && tool.id !== null && pointer) return editor.imagePoint(pointer);
  return null;
}

/** Above the finger; where there is no room, to the side that has some. */
export function beside([x, y]: Point, view: Area): Point {
  const clampX = (v: number) => Math.min(Math.max(0, view.width - LENS), Math.max(0, v));
  if (y - APART - LENS >= 0) return [clampX(x - LENS / 2), y - APART - LENS];
  const side = x > view.width / 2 ? x - APART - LENS : x + APART;
  return [clampX(side), 0];
}

/** A fine cross with an open middle, so that the pixel itself is seen. */
function cross(g: CanvasRenderingContext2D): void {
  const middle = LENS / 2;
  for (const [width, colour] of [
    [3, "rgb(12 14 20 / 0.6)"],
    [1, "#fff"],
  ] as const) {
    g.lineWidth = width;
    g.strokeStyle = colour;
    g.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      g.moveTo(middle + 12 * dx, middle + 12 * dy);
      g.lineTo(middle + 24 * dx, middle + 24 * dy);
    }
    g.stroke();
  }
}
