import { describe, expect, it } from "vitest";
import { judgement } from "../src/desk";
import type { Verdict } from "../src/protocol";
import { meterRows } from "../src/ui/review";

const verdict = (rest: Partial<Verdict>): Verdict => ({
  track_id: 1,
  n_visible: 9,
  needed: 8,
  size: 140,
  truncated: false,
  blurred: [],
  given: false,
  meets: true,
  kept: true,
  reason: "",
  verdict: "open",
  comment: "",
  changed_since: false,
  ...rest,
});

describe("what the guidelines say, in words", () => {
  it("how many are visible of those that are needed", () => {
    expect(judgement(verdict({}))).toBe("9 visible, 8 needed");
  });
  it("why somebody is not to be annotated", () => {
    expect(judgement(verdict({ meets: false, reason: "too small: 18 of 24 pixels", truncated: true }))).toBe(
      "too small: 18 of 24 pixels · at the border",
    );
  });
  it("blur counts once too few can be told apart", () => {
    expect(judgement(verdict({ blurred: ["left_wrist"] }))).toBe("9 visible, 8 needed · blurred: left wrist");
    expect(judgement(verdict({ blurred: ["left_wrist", "nose"] }))).toBe(
      "too blurred: 7 of 8 can be told apart · blurred: left wrist, nose",
    );
  });
});

describe("meters", () => {
  it("are the kernel's numbers, in units that people read", () => {
    const rows = new Map(
      meterRows({ clicks: 3, keypoint_clicks: 2, box_clicks: 0, identity_clicks: 1, active_seconds: 75.4 }),
    );
    expect(rows.get("Clicks")).toBe("3");
    expect(rows.get("Keypoints, boxes, identities")).toBe("2, 0, 1");
    expect(rows.get("Active time")).toBe("1 min 15 s");
    expect(new Map(meterRows({ active_seconds: 59.2 })).get("Active time")).toBe("59 s");
  });
});
