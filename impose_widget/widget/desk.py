"""What reviewers and guidelines say, for a page: the text, each person in a frame, how far a review is, the meters."""

from __future__ import annotations

from typing import Any

import numpy as np

from impose_widget import protocol
from impose_widget.protocol import Message
from impose_widget.session import Session

MOST_COMMENTS = 100
FACTS = ("track_id", "n_visible", "needed", "size", "truncated", "given", "meets", "kept", "reason")


def guide(session: Session, request: protocol.WantGuide) -> Message:
    """The project's guidelines."""
    rules, path = session.guidelines, session.guidelines_path
    file = None if path is None else path.name
    return protocol.Guide(request.rid, request.client, rules.name, rules.text or "", file, rules.digest, rules.policy)


def judged(session: Session, request: protocol.WantJudged) -> Message:
    """Everybody in a frame under the guidelines, with a reviewer's verdict."""
    revision = session.revision
    table = session.judge(frame=request.frame, blur=request.blur)
    reviews = session.reviews
    said = {row.track_id: row for row in reviews[reviews["frame"] == request.frame].itertuples()}
    people = []
    for row in table.to_dict("records"):
        mark = said.get(row["track_id"])
        verdict = {
            "verdict": "open" if mark is None else str(mark.verdict),
            "comment": "" if mark is None else mark.comment,
            "changed_since": mark is not None and bool(mark.changed_since),
        }
        facts = {name: _plain(row[name]) for name in FACTS} | {"blurred": list(row["blurred"])}
        people.append(facts | verdict)
    return protocol.Judged(request.rid, request.client, request.frame, revision, request.blur, people)


def reviewed(session: Session, request: protocol.WantReview) -> Message:
    """How many people in frames have a verdict that holds, the next who has none, and the comments."""
    from impose_widget.review import comments

    with session.state.lock:
        revision, tracks, reviews = session.revision, session.state.tracks, session.reviews
        frames = {i: np.asarray(tracks.frames_of(i), np.int64) for i in tracks.ids()}
    holds = reviews[(reviews["verdict"] != "open") & ~reviews["changed_since"]]
    counts = holds["verdict"].astype(str).value_counts()
    remarks = comments(reviews).tail(MOST_COMMENTS).to_dict("records")
    return protocol.Reviewed(
        request.rid,
        request.client,
        revision,
        sum(len(f) for f in frames.values()),
        int(counts.get("accepted", 0)),
        int(counts.get("rejected", 0)),
        _next(frames, {i: g["frame"].to_numpy() for i, g in holds.groupby("track_id")}, request),
        [{name: _plain(value) for name, value in remark.items()} for remark in remarks],
    )


def _next(frames: dict[int, np.ndarray], done: dict[int, np.ndarray], request: protocol.WantReview) -> list[int] | None:
    """[frame, track_id] that comes first after where one is, and round the end; None if everybody has a verdict."""
    left = {i: np.setdiff1d(f, done.get(i, np.zeros(0, np.int64))) for i, f in frames.items()}
    places = [(int(f), i) for i, at in left.items() for f in _around(at, request.frame)]
    if not places:
        return None
    here = (request.frame, -1 if request.track_id is None else request.track_id)
    return list(min(places, key=lambda place: (place <= here, place)))


def _around(frames: np.ndarray, frame: int) -> np.ndarray:
    """Of ascending frames the first, the one at a frame, and the one after it."""
    at = np.searchsorted(frames, frame)
    return np.concatenate([frames[:1], frames[at : at + 2]])


def meters(session: Session, request: protocol.WantMeters) -> Message:
    """The numbers of `Session.metrics`."""
    values = {name: _plain(value) for name, value in session.metrics().items()}
    return protocol.Meters(request.rid, request.client, values)


def _plain(value: Any) -> Any:
    """For JSON; numbers to a thousandth, which is more than anybody reads."""
    value = value.item() if isinstance(value, np.generic) else value
    return round(value, 3) if isinstance(value, float) else value
