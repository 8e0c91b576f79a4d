/** The one table of keys: what is pressed, what it does, and the words for it. The key sheet is made from it. */

export type Command =
  | "previous frame"
  | "next frame"
  | "back ten"
  | "on ten"
  | "first frame"
  | "last frame"
  | "play"
  | "slower"
  | "faster"
  | "go to frame"
  | "previous anchor"
  | "next anchor"
  | "previous person"
  | "next person"
  | "previous keypoint"
  | "next keypoint"
  | "visibility"
  | "nudge left"
  | "nudge right"
  | "nudge up"
  | "nudge down"
  | "nudge left far"
  | "nudge right far"
  | "nudge up far"
  | "nudge down far"
  | "anchor"
  | "copy pose"
  | "flip"
  | "flip arms"
  | "flip legs"
  | "flip face"
  | "guide"
  | "box"
  | "box for person"
  | "boxes"
  | "redraw box"
  | "fit box"
  | "delete here"
  | "delete onwards"
  | "delete track"
  | "propagate forward"
  | "propagate backward"
  | "propagate both"
  | "propagate with limits"
  | "auto propagate"
  | "look back"
  | "reject"
  | "range start"
  | "range end"
  | "clear range"
  | "propagate range"
  | "interpolate range"
  | "delete range"
  | "stop"
  | "assign"
  | "swap"
  | "merge"
  | "split"
  | "next issue in time"
  | "previous issue in time"
  | "next crossing"
  | "previous crossing"
  | "next gap"
  | "previous gap"
  | "next track end"
  | "previous track end"
  | "timeline in"
  | "timeline out"
  | "next issue"
  | "previous issue"
  | "accept issue"
  | "mend issue"
  | "ignore issue"
  | "names"
  | "focus person"
  | "trails"
  | "onion skin"
  | "follow person"
  | "curve"
  | "hide"
  | "fit"
  | "zoom to person"
  | "zoom in"
  | "zoom out"
  | "pan left"
  | "pan right"
  | "pan up"
  | "pan down"
  | "whole person"
  | "grow"
  | "shrink"
  | "turn right"
  | "turn left"
  | "settings"
  | "people tab"
  | "review tab"
  | "guide tab"
  | "accept here"
  | "reject here"
  | "reopen here"
  | "next unchecked"
  | "comment"
  | "export"
  | "full screen"
  | "undo"
  | "redo"
  | "saved"
  | "help"
  | "escape";

export type Group = "Move" | "Timeline" | "Keypoints" | "People" | "Propagate" | "Review" | "View" | "Always";
export interface Entry {
  command: Command;
  keys: readonly string[];
  group: Group;
  words: string;
}

const entry = (group: Group, command: Command, words: string, ...keys: string[]): Entry => ({
  command,
  keys,
  group,
  words,
});

export const KEYS: readonly Entry[] = [
  entry("Move", "previous frame", "previous frame", "D", "ArrowLeft"),
  entry("Move", "next frame", "next frame", "F", "ArrowRight"),
  entry("Move", "back ten", "10 frames back", "C", "Shift+ArrowLeft"),
  entry("Move", "on ten", "10 frames on", "V", "Shift+ArrowRight"),
  entry("Move", "first frame", "first frame", "Home"),
  entry("Move", "last frame", "last frame", "End"),
  entry("Move", "go to frame", "go to a frame by number", "J"),
  entry("Move", "play", "play and pause", "Space"),
  entry("Move", "slower", "play slower", "Alt+,"),
  entry("Move", "faster", "play faster", "Alt+."),
  entry("Move", "previous anchor", "previous anchor of the person", ","),
  entry("Move", "next anchor", "next anchor of the person", "."),
  entry("Move", "previous gap", "the last frame before without the person", "Alt+PageUp"),
  entry("Move", "next gap", "the next frame without the person", "Alt+PageDown"),
  entry("Move", "previous track end", "where a track starts or ends, before", "<"),
  entry("Move", "next track end", "where a track starts or ends, after", ">"),

  entry("Timeline", "range start", "the range starts at this frame", "("),
  entry("Timeline", "range end", "the range ends at this frame", ")"),
  entry("Timeline", "propagate range", "propagate within the range", "Ctrl+Enter"),
  entry("Timeline", "interpolate range", "interpolate the person in the range", "Y"),
  entry("Timeline", "delete range", "delete the person in the range…", "Ctrl+Delete", "Ctrl+Backspace"),
  entry("Timeline", "timeline in", "zoom the timeline in", "Alt+=", "Alt++"),
  entry("Timeline", "timeline out", "zoom the timeline out", "Alt+-"),

  entry("Keypoints", "visibility", "visible, occluded, absent (at the pointer)", "Q"),
  entry("Keypoints", "next keypoint", "next keypoint", "E"),
  entry("Keypoints", "previous keypoint", "previous keypoint", "Shift+E"),
  entry("Keypoints", "nudge left", "nudge the keypoint, else the person, left", "Alt+ArrowLeft"),
  entry("Keypoints", "nudge right", "nudge right", "Alt+ArrowRight"),
  entry("Keypoints", "nudge up", "nudge up", "Alt+ArrowUp"),
  entry("Keypoints", "nudge down", "nudge down", "Alt+ArrowDown"),
  entry("Keypoints", "nudge left far", "nudge left by 10", "Alt+Shift+ArrowLeft"),
  entry("Keypoints", "nudge right far", "nudge right by 10", "Alt+Shift+ArrowRight"),
  entry("Keypoints", "nudge up far", "nudge up by 10", "Alt+Shift+ArrowUp"),
  entry("Keypoints", "nudge down far", "nudge down by 10", "Alt+Shift+ArrowDown"),
  entry("Keypoints", "anchor", "stand behind this pose (anchor), or not", "K"),
  entry("Keypoints", "copy pose", "copy the pose of the frame before", "R"),
  entry("Keypoints", "flip", "exchange left and right", "L"),
  entry("Keypoints", "flip arms", "exchange left and right arm", "Shift+L"),
  entry("Keypoints", "flip legs", "exchange left and right leg", "Alt+L"),
  entry("Keypoints", "flip face", "exchange left and right of the face", "Alt+Shift+L"),
  entry("Keypoints", "guide", "place keypoint after keypoint (E skips one)", "Shift+Q"),

  entry("People", "previous person", "previous person", "["),
  entry("People", "next person", "next person", "]"),
  entry("People", "box", "draw a box around a missed person", "B"),
  entry("People", "box for person", "read the selected person anew in a box you draw", "Shift+B"),
  entry("People", "boxes", "boxes; drag a corner, a side or the edge of the selected person's", "Alt+B"),
  entry("People", "redraw box", "draw the box of the person anew; keypoints stay", "Ctrl+B"),
  entry("People", "fit box", "fit the box to the keypoints", "Alt+Shift+B"),
  entry("People", "assign", "this is somebody else from here on", "I"),
  entry("People", "swap", "swap with another person from here on", "X"),
  entry("People", "merge", "merge with another person", "M"),
  entry("People", "split", "split: somebody else from here on", "S"),
  entry("People", "delete here", "delete in this frame", "Delete", "Backspace"),
  entry("People", "delete onwards", "delete from here on", "Shift+Delete", "Shift+Backspace"),

  entry("People", "whole person", "drags move whole people, until pressed again", "Shift+M"),
  entry("People", "grow", "scale the person up", "Alt+S"),
  entry("People", "shrink", "scale the person down", "Alt+Shift+S"),
  entry("People", "turn right", "turn the person clockwise", "Alt+R"),
  entry("People", "turn left", "turn the person the other way", "Alt+Shift+R"),

  entry("Propagate", "propagate forward", "propagate corrections forward", "G"),
  entry("Propagate", "propagate backward", "propagate corrections backward", "Shift+G"),
  entry("Propagate", "propagate both", "propagate corrections both ways", "Alt+G"),
  entry("Propagate", "propagate with limits", "propagate so far, only this person or keypoint…", "Ctrl+G"),
  entry("Propagate", "auto propagate", "propagate by itself after each correction", "U"),

  entry("Propagate", "look back", "show what was there before the last propagation", "Z"),
  entry("Propagate", "reject", "take the chosen part of it back", "Shift+Z"),

  entry("Review", "next issue", "next issue: a doubtful place, and why", "N"),
  entry("Review", "previous issue", "back to the issue before", "Shift+N"),
  entry("Review", "next issue in time", "next issue in the order of time", "PageDown"),
  entry("Review", "previous issue in time", "the issue before, in the order of time", "PageUp"),
  entry("Review", "next crossing", "next crossing of two people", "Shift+PageDown"),
  entry("Review", "previous crossing", "the crossing before", "Shift+PageUp"),
  entry("Review", "accept issue", "it is right as it is; go to the next", "A"),
  entry("Review", "mend issue", "do what is proposed for it", "Shift+Enter"),
  entry("Review", "accept here", "the person is right here; go to the next", "Alt+A"),
  entry("Review", "reject here", "the person is wrong here; go to the next", "Alt+Shift+A"),
  entry("Review", "reopen here", "take the verdict back", "Alt+U"),
  entry("Review", "next unchecked", "next person nobody has looked at", "Alt+N"),
  entry("Review", "comment", "write a comment", "Alt+C"),
  entry("Review", "ignore issue", "do not show this one again; go to the next", "Shift+A"),

  entry("View", "names", "keypoint names", "T"),
  entry("View", "focus person", "fade the others, and leave them alone", "W"),
  entry("View", "follow person", "the picture goes with the person", "Shift+P"),
  entry("View", "trails", "trails of the person's keypoints: short, long, none", "Shift+T"),
  entry("View", "onion skin", "poses of the frames beside: one, three, none", "Shift+O"),
  entry("View", "curve", "curve over time: how sure, how it moves, none", "Shift+C"),
  entry("View", "hide", "hide what is drawn, while held", "H"),
  entry("View", "fit", "whole picture", "O"),
  entry("View", "zoom to person", "zoom to the person", "P"),
  entry("View", "zoom in", "zoom in", "+", "="),
  entry("View", "zoom out", "zoom out", "-"),
  entry("View", "pan left", "move the view to the left", "Ctrl+ArrowLeft"),
  entry("View", "pan right", "move the view to the right", "Ctrl+ArrowRight"),
  entry("View", "pan up", "move the view up", "Ctrl+ArrowUp"),
  entry("View", "pan down", "move the view down", "Ctrl+ArrowDown"),
  entry("View", "people tab", "the people in the panel", "Alt+1"),
  entry("View", "review tab", "the review in the panel", "Alt+2"),
  entry("View", "guide tab", "the guidelines in the panel", "Alt+3"),
  entry("View", "full screen", "full screen, and back", "Alt+Enter"),
  entry("View", "settings", "brightness, colours, sizes", "Ctrl+,", "Alt+4"),

  entry("Always", "export", "export to a file", "Ctrl+E"),
  entry("Always", "undo", "undo", "Ctrl+Z"),
  entry("Always", "redo", "redo", "Ctrl+Shift+Z", "Ctrl+Y"),
  entry("Always", "saved", "nothing to do: everything is saved", "Ctrl+S"),
  entry("Always", "help", "this sheet", "?"),
  entry("Always", "escape", "cancel, stop propagating, clear the selection, leave", "Escape"),
];

/** What the pointer does, for the key sheet. */
export const GESTURES: readonly (readonly [string, string])[] = [
  ["Drag a keypoint", "place it"],
  ["Click", "select a person or a keypoint"],
  ["Wheel on the timeline", "zoom it (with Shift: move it; with Alt: scroll the lanes)"],
  ["Shift and drag on it", "select a range"],
  ["Drag elsewhere", "move the picture (anywhere with Space held)"],
  ["Wheel or pinch", "zoom"],
  ["Alt and drag", "move a whole person"],
  ["Right click", "an occluded keypoint, while one is asked for"],
  ["Alt and wheel", "scale a whole person (with Shift: turn)"],
  ["Hold an arrow", "go from frame to frame, faster after a second"],
  ["0 to 9", "select a person by number"],
];

const BY_CHORD = new Map(KEYS.flatMap((e) => e.keys.map((k) => [k, e.command] as const)));

export interface KeyLike {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  getModifierState?(name: string): boolean;
}

/** "Ctrl+Shift+Z", "?", "ArrowLeft", "3": as the table spells it. Letters as the layout has them, else by position. */
export function chordOf(event: KeyLike, known: (chord: string) => boolean = (chord) => BY_CHORD.has(chord)): string {
  const position = /^Key([A-Z])$/.exec(event.code)?.[1];
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const graph = event.getModifierState?.("AltGraph") ?? false;
  const plain = !event.shiftKey || /^\d$/.test(event.key);
  let base = event.key === " " ? "Space" : event.key;
  if (/^[a-z]$/i.test(base)) base = base.toUpperCase();
  else if (position && !/^[\x21-\x7e]$/.test(base) && (base.length === 1 || base === "Dead")) base = position;
  else if (digit && plain && !graph && !known(base)) base = digit;
  // A symbol is itself whichever modifiers its layout needs.
  const symbol = base.length === 1 && !/[A-Z]/.test(base);
  let chord = "";
  if ((event.ctrlKey || event.metaKey) && !graph) chord += "Ctrl+";
  if (event.altKey && !graph) chord += "Alt+";
  if (event.shiftKey && !symbol) chord += "Shift+";
  return chord + base;
}

/** A chord as people read it: "Shift+←". */
export function readable(chord: string): string {
  const names: Record<string, string> = {
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Delete: "Del",
    Escape: "Esc",
  };
  const plus = chord.endsWith("+") ? chord.slice(0, -1).split("+").filter(Boolean).concat("+") : chord.split("+");
  return plus.map((part) => names[part] ?? part).join("+");
}
