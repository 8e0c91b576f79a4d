/** What the gestures of the pointer do in one view. */

import type { Editor } from "./editor";
import type { Effect } from "./tools/machine";

export function perform(editor: Editor, effect: Effect): void {
  const frame = editor.nav.shown.value ?? editor.nav.frame.value;
  switch (effect.do) {
    case "select":
      // A press beside somebody who is focused is not meant to lose them.
      if (effect.track_id === null && editor.focus.value) return editor.select(editor.selected.value);
      return editor.select(effect.track_id, effect.k);
    case "hold":
      return editor.nav.pause();
    case "preview keypoint": {
      const { track_id, k, xy } = effect;
      const visibility = editor.edits.visibilityFor(track_id, k);
      editor.preview.value = { what: "keypoint", frame, track_id, k, xy, visibility };
      return;
    }
    case "place keypoint":
      editor.edits.place(frame, effect.track_id, effect.k, effect.xy, effect.visibility);
      return editor.guide.placed(effect.k);
    case "preview move":
      editor.preview.value = { what: "move", frame, track_id: effect.track_id, dxy: effect.dxy, scale: 1, rotation: 0 };
      return;
    case "move person":
      return editor.edits.move(frame, effect.track_id, effect.dxy);
    case "preview body box":
      editor.preview.value = { what: "box", frame, track_id: effect.track_id, box: effect.box };
      return;
    case "set body box":
      return editor.edits.setBox(frame, effect.track_id, effect.box);
    case "preview box":
      editor.boxPreview.value = effect.box;
      return;
    case "draw box":
      void editor.edits.drawBox(frame, effect.box);
      return;
    case "forget preview":
      editor.preview.value = null;
      editor.boxPreview.value = null;
      return;
    case "pan":
      return editor.viewport.panBy(effect.dx, effect.dy);
    case "pinch":
      editor.viewport.panBy(effect.to[0] - effect.from[0], effect.to[1] - effect.from[1]);
      return editor.viewport.zoom(effect.factor, effect.to);
    case "pick":
      return editor.questions.pick(effect.track_id);
    case "say":
      return editor.store.say("info", effect.text);
  }
}
