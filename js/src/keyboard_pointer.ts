/** Keys instead of a pointer, where a tool waits for a place: nudges move a cross, Enter presses. */

import { type Point, toImage, toScreen } from "./camera";
import type { Editor } from "./editor";
import { bounds } from "./poses";

const ID = -1; // of a pointer that is none

export class KeyboardPointer {
  constructor(private readonly editor: Editor) {}

  /** Whether a tool waits for a place. */
  get wanted(): boolean {
    const { name } = this.editor.tool.value;
    return name === "placing" || name === "boxing";
  }

  /** Move by pixels of the image; false if nothing waits for a place. */
  nudge(dx: number, dy: number): boolean {
    if (!this.wanted) return false;
    const { camera } = this.editor.viewport;
    const [x, y] = toImage(camera.value, this.at());
    const to = this.editor.clamp([x + dx, y + dy]);
    this.editor.viewport.reveal([to[0], to[1], 0, 0]);
    this.send("move", toScreen(camera.value, to));
    return true;
  }

  /** What a press there does; a box takes two, one for each of two corners. */
  press(): boolean {
    if (!this.wanted) return false;
    const tool = this.editor.tool.value;
    const at = this.at();
    if (tool.name === "boxing" && tool.id === ID) this.send("up", at);
    else {
      this.send("down", at);
      if (tool.name === "placing") this.send("up", at);
    }
    return true;
  }

  /** Where the pointer was last, or the middle of the person, or of the picture. */
  private at(): Point {
    if (this.editor.pointer.value) return this.editor.pointer.value;
    const pose = this.editor.selectedPose();
    const box = pose && bounds(pose);
    const { width, height } = this.editor.viewport.image;
    const middle: Point = box ? [box[0] + box[2] / 2, box[1] + box[3] / 2] : [width / 2, height / 2];
    return toScreen(this.editor.viewport.camera.value, middle);
  }

  private send(type: "down" | "move" | "up", at: Point): void {
    this.editor.input({ type, id: ID, at, pointerType: "keyboard", button: 0, alt: false, space: false });
  }
}
