/** The pointer over the picture, handed to the tools; and the wheel. */

import type { Editor } from "./editor";
import { hasFocus } from "./ui/focus";

const WHEEL = 0.0016; // zoom per pixel of the wheel
const PINCH = 0.012; // of a touchpad's pinch, which comes as a wheel with Ctrl
const TURN = 0.02; // degrees per pixel of the wheel
const PALM = 1000; // ms after a pen was seen in which touches are the palm's
const LINE = 18; // pixels, for wheels that count lines

export function listenPointer(editor: Editor, overlay: HTMLElement, root: HTMLElement, signal: AbortSignal): void {
  const at = (event: MouseEvent): [number, number] => {
    const box = overlay.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const send = (type: "down" | "move" | "up", event: PointerEvent) =>
    editor.input({
      type,
      id: event.pointerId,
      at: at(event),
      pointerType: event.pointerType,
      button: event.button,
      alt: event.altKey || editor.whole.peek(),
      space: root.dataset.imposeSpace !== undefined,
    });
  const on = <T extends keyof HTMLElementEventMap>(type: T, act: (event: HTMLElementEventMap[T]) => void) =>
    overlay.addEventListener(type, act, { signal });
  let pen = Number.NEGATIVE_INFINITY; // when a pen was last seen
  on("pointerdown", (event) => {
    if (event.pointerType === "pen") pen = event.timeStamp;
    // A hand that rests beside a pen is no finger.
    if (event.pointerType === "touch" && event.timeStamp - pen < PALM) return;
    editor.touching.value = event.pointerType === "touch";
    root.focus({ preventScroll: true });
    if (event.button === 1) event.preventDefault();
    if (root.dataset.imposeSpace) root.dataset.imposeSpace = "used";
    overlay.setPointerCapture(event.pointerId);
    editor.edits.flush();
    send("down", event);
  });
  on("pointermove", (event) => {
    if (event.pointerType === "pen") pen = event.timeStamp;
    send("move", event);
  });
  on("pointerup", (event) => send("up", event));
  on("pointercancel", () => editor.input({ type: "cancel" }));
  on("pointerleave", () => editor.leavePointer());
  on("contextmenu", (event) => event.preventDefault());
  overlay.addEventListener(
    "wheel",
    (event) => {
      // A page that is being scrolled goes on scrolling; the widget takes the wheel once it has the keys.
      if (!hasFocus(root) && !event.ctrlKey) {
        editor.store.say("info", "Click the picture to zoom with the wheel.");
        return;
      }
      event.preventDefault();
      const turn = (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? LINE : 1);
      if (event.altKey && event.shiftKey) editor.edits.transform(1, turn * TURN);
      else if (event.altKey) editor.edits.transform(Math.exp(-turn * WHEEL * 0.3), 0);
      else editor.viewport.zoom(Math.exp(-turn * (event.ctrlKey ? PINCH : WHEEL)), at(event));
    },
    { signal, passive: false },
  );
}
