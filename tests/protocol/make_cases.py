"""Writes the example of each message that this package and js/ both read: `python -m tests.protocol.make_cases`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from impose_widget import protocol as p
from impose_widget.core.skeleton import COCO17
from tests.protocol.cases import CASES, pack

NAN = float("nan")
PERSON = p.Person(3, "#ffaa14", 0, 66, 60, 1, [22], [22])
STATE = p.Summary(
    7,
    [PERSON],
    True,
    [],
    [[0, 39]],
    "Correct left wrist of person 3, frame 22",
    None,
    4,
    False,
    "clip.mp4.impose",
    1,
    4.5,
)
SOME = p.Summary(8, [], False, [3], [[0, 66]], None, "Correct left wrist of person 3, frame 22", 4, True, None, 1, 4.5)
ROWS = p.PoseRows(
    np.array([[22, 3], [23, 3]], np.int32),
    np.array([[[397, 60.5], [NAN, NAN]], [[398.25, 61], [12, -0.5]]], np.float32),
    np.array([[255, 0], [128, 51]], np.uint8),
    np.array([[0b110010, 0], [0b000110, 0b000001]], np.uint8),
    np.array([[300, 40, 120, 220], [NAN] * 4], np.float32),
    np.array([5, 2], np.uint8),
)
VIDEO = {"name": "clip.mp4", "width": 480, "height": 270, "fps": 15.0, "n_frames": 67, "notes": []}
ISSUE = {
    "issue": 12, "frame": 40, "frame_end": 41, "track_id": 3, "keypoint": "left_wrist", "kind": "jump",
    "severity": 0.75, "reason": "left wrist jumped 84 px and came back",
}  # fmt: skip
JOB = {"job": 2, "what": "propagate", "done": 12, "total": 100, "text": "Propagating person 3, frames 23 to 32"}
PLACED = {"frame": 22, "track_id": 3, "keypoint": "left_wrist", "xy": [397.0, 60.5], "visibility": 2}
DRAWN = {"frame": 22, "box_xywh": [300, 40, 120, 220], "track_id": None}
BOXED = {"frame": 22, "track_id": 3, "box_xywh": [300, 40, 120, 220]}
VERDICT = {"frame": 22, "track_id": 3, "verdict": "rejected", "comment": "the arm is the other's", "frame_end": None}
JUDGED = {
    "track_id": 3, "n_visible": 7, "needed": 8, "size": 21.5, "truncated": True, "blurred": ["left_wrist"],
    "given": False, "meets": False, "kept": False, "reason": "7 of 8 visible keypoints", "verdict": "rejected",
    "comment": "the arm is the other's", "changed_since": False,
}  # fmt: skip
REMARK = {"frame": 22, "frame_end": 30, "track_id": 3, "verdict": "rejected", "comment": "the arm is the other's"}
LOST = {"aspect": "source", "n": 4, "what": "where it comes from"}
FORMAT = {"format": "coco", "description": "COCO keypoints JSON with track ids.", "suffix": ".json", "needs": ""}
WHO = (41, "page-1")
MESSAGES: list[tuple[str, p.Message]] = [
    ("hello", p.Hello(1, "page-1", 1)),
    ("want_frames", p.WantFrames(2, "page-1", [0, 1, 2], "full")),
    ("want_poses", p.WantPoses(3, "page-1", 0, 64)),
    ("edit_correct", p.Edit(4, "page-1", "correct", PLACED, 7)),
    ("edit_draw_box", p.Edit(5, "page-1", "draw_box", DRAWN, 7)),
    ("edit_delete", p.Edit(6, "page-1", "delete", {"track_id": 3, "frame": 22, "scope": [22, 40]}, 7)),
    ("edit_undo", p.Edit(7, "page-1", "undo", {}, 7)),
    ("want_propagate", p.Propagate(8, "page-1", 22, "both", None, [3], ["left_wrist"])),
    ("want_propagate_all", p.Propagate(9, "page-1", None, "forward", 40, "all", None)),
    ("want_propagate_within", p.Propagate(9, "page-1", None, "both", [30, 60], [3, 5], None)),
    ("want_initialize", p.Initialize(10, "page-1")),
    ("cancel", p.Cancel(11, "page-1", None)),
    ("want_issue", p.WantIssue(12, "page-1", 4)),
    ("want_issues", p.WantIssues(15, "page-1", 200)),
    ("want_lanes", p.WantLanes(16, "page-1", 0, 67, 4)),
    ("edit_set_box", p.Edit(5, "page-1", "set_box", BOXED, 7)),
    ("edit_fit_box", p.Edit(5, "page-1", "set_box", BOXED | {"box_xywh": None}, 7)),
    ("want_curve", p.WantCurve(16, "page-1", 3, "left_wrist", "score", 0, 67, 4)),
    ("want_before", p.WantBefore(17, "page-1", None, 16, 24)),
    ("edit_reject", p.Edit(18, "page-1", "reject", {"action": None, "frames": [16, 24], "tracks": [3]}, 7)),
    ("edit_review", p.Edit(19, "page-1", "review", VERDICT, 7)),
    ("want_guide", p.WantGuide(20, "page-1")),
    ("want_judged", p.WantJudged(21, "page-1", 22, True)),
    ("want_review", p.WantReview(22, "page-1", 22, None)),
    ("want_meters", p.WantMeters(23, "page-1")),
    ("want_losses", p.WantLosses(24, "page-1", "coco", "")),
    ("want_export", p.WantExport(25, "page-1", "coco", "clip.json", False)),
    ("option", p.Option(13, "page-1", "auto_propagate", False)),
    ("ping", p.Ping(14, "page-1")),
    ("welcome", p.Welcome(*WHO, 1, VIDEO, COCO17.to_json(), STATE, [JOB], {"auto_propagate": True}, np.arange(3) / 15)),
    ("frames", p.Frames(*WHO, [0, 1], "preview", [b"\xff\xd8\xff\xe0 one", b"\xff\xd8\xff\xe0 two"])),
    ("poses", p.Poses(*WHO, 16, 24, 7, 2, ROWS)),
    ("done", p.Done(*WHO, 8, None)),
    ("done_new_person", p.Done(*WHO, 8, 5)),
    ("job", p.Started(*WHO, 2, "propagate")),
    ("ok", p.Ok(*WHO)),
    ("issue", p.Issue(*WHO, ISSUE, 3)),
    ("no_issue", p.Issue(*WHO, None, 0)),
    ("issues", p.Issues(*WHO, [ISSUE], 3)),
    ("curve", p.Curve(*WHO, 7, 3, None, "motion", 0, 67, 2, *map(np.array, ([0.5, NAN], [9, NAN], [4, -1])))),
    ("lanes", p.Lanes(*WHO, 7, 0, 67, 4, [0, 3], bytes([255, 200, 1, 0, 0, 0, 90, 91]), bytes([0, 1, 2, 0] * 2))),
    ("before", p.Before(*WHO, 6, [[10, 21], [23, 34]], [3], 16, 24, 2, ROWS)),
    ("guide", p.Guide(*WHO, "IMPose, section IV", "# Who\n\n1. **Eight** visible", None, "0a1b2c3d", "ignore_region")),
    ("judged", p.Judged(*WHO, 22, 7, True, [JUDGED])),
    ("review", p.Reviewed(*WHO, 7, 3400, 200, 14, [23, 3], [REMARK])),
    ("meters", p.Meters(*WHO, {"clicks": 9, "active_seconds": 61.5, "clicks_per_track": 3.0})),
    ("losses", p.Losses(*WHO, "coco", "clip.json", True, [LOST], [FORMAT])),
    ("export", p.Exported(*WHO, "clip.json", 20480, "COCO cannot hold where 4 keypoints come from.")),
    ("error", p.Error(*WHO, "value", "Expected xy on the image of 480×270 pixels, got (900, 60).")),
    ("error_nobody", p.Error(None, None, "unknown", "Expected a message of kind hello, got 'hallo'.")),
    ("changed", p.Changed(7, "correct", [[22, 23]], [3], STATE, 2, ROWS)),
    ("changed_much", p.Changed(8, "undo", [[0, 20], [22, 66]], [3], SOME, None)),
    ("progress", p.Progress(**JOB)),
    ("finished", p.Finished(2, "propagate", "", 40, 512, 0.62, [3])),
    ("failed", p.Failed(1, "initialize", "The weights are missing; reinstall impose-widget.")),
    ("options", p.Options(False)),
    ("go", p.Go(22, 3)),
]  # fmt: skip


def case(message: p.Message) -> dict[str, Any]:
    """One message as both test suites read it."""
    content, buffers = message.encode()
    kinds = {p.Request: "request", p.Answer: "answer"}
    direction = next((word for cls, word in kinds.items() if isinstance(message, cls)), "broadcast")
    return {"direction": direction, "content": content, "buffers": [pack(b) for b in buffers]}


def main() -> None:
    for name, message in MESSAGES:
        text = json.dumps(case(message), indent=1, ensure_ascii=False)
        Path(CASES / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
