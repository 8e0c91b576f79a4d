/** What a person who does not see the picture hears: where one is, who and what is selected. Pure. */

import { isAnchor, visibilityOf } from "./codec";
import { describe, plain } from "./draw/labels";
import { type FramePoses, placed } from "./poses";

/** What can be heard of an editor at one moment. */
export interface Moment {
  frame: number;
  people: FramePoses;
  selected: number | null;
  keypoint: number | null;
  names: readonly string[];
}

const WORDS = ["absent", "occluded", "visible"];

/** What to say when one moment has become another; "" if nothing that matters has changed. */
export function spoken(before: Moment | null, now: Moment): string {
  const words: string[] = [];
  if (before?.frame !== now.frame) words.push(`Frame ${now.frame}, ${peopleWords(now.people.size)}`);
  const chosen = selectionWords(now);
  if (!before || chosen !== selectionWords(before)) words.push(chosen);
  return words.filter(Boolean).join(". ");
}

function peopleWords(n: number): string {
  return n === 1 ? "1 person" : `${n === 0 ? "nobody" : `${n} people`}`;
}

function selectionWords({ people, selected, keypoint, names }: Moment): string {
  if (selected === null) return "Nobody selected";
  const pose = people.get(selected);
  if (!pose) return `Person ${selected}, not in this frame`;
  if (keypoint === null) {
    const seen = [...pose.flags].filter((f) => visibilityOf(f) === 2).length;
    const byHand = [...pose.flags].filter((f) => isAnchor(f)).length;
    return `Person ${selected}, ${seen} of ${names.length} visible${byHand ? `, ${byHand} by hand` : ""}`;
  }
  const name = `Person ${selected}, ${plain(names[keypoint] ?? "keypoint")}`;
  if (!placed(pose, keypoint)) return `${name}, absent`;
  const at = [pose.xy[2 * keypoint]!, pose.xy[2 * keypoint + 1]!].map((v) => Math.round(v)).join(", ");
  const how = describe(pose, keypoint).replace("occluded, ", "");
  return `${name}, ${WORDS[visibilityOf(pose.flags[keypoint]!)]}, ${how}, at ${at}`;
}
