"""What reviewers and guidelines say, for a page: the text, each person in a frame, how far a review is, the meters."""

from __future__ import annotations

from typing import Any

import numpy as np

from impose_widget import protocol
from impose_widget.protocol import Message
from impose_widget.session import Session
from impose_widget.session.marks import VERDICTS, changed_since

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
    with session.state.lock:
        said = {i: _said(session, request.frame, i) for i in table["track_id"].tolist()}
    people = [
        {name: _plain(row[name]) for name in FACTS} | {"blurred": list(row["blurred"])} | said[row["track_id"]]
        for row in table.to_dict("records")
    ]
    return protocol.Judged(request.rid, request.client, request.frame, revision, request.blur, people)


def _said(session: Session, frame: int, track_id: int) -> dict[str, Any]:
    """A reviewer's verdict on one pose, as `Session.reviews` has it, without making that table."""
    marks = session.marks()
    of = marks.people.get(track_id)
    if of is None:
        return {"verdict": VERDICTS[0], "comment": "", "changed_since": False}
    seq = np.maximum(of.seq[[frame]], of.comment[[frame]])
    return {
        "verdict": VERDICTS[of.verdict[frame]],
        "comment": marks.words.get(int(of.comment[frame]), ""),
        "changed_since": bool(seq[0] > 0 and changed_since(session.state.tracks, track_id, np.array([frame]), seq)[0]),
    }


def reviewed(session: Session, request: protocol.WantReview) -> Message:
    """How many people in frames have a verdict that holds, the next who has none, and the comments."""
    with session.state.lock:
        revision, marks = session.revision, session.marks()
        people = {i: _holding(session, i) for i in session.state.tracks.ids()}
    counts = sum((np.bincount(verdict, minlength=len(VERDICTS)) for _, verdict in people.values()), np.zeros(3, int))
    left = {i: frames[verdict == 0] for i, (frames, verdict) in people.items()}
    return protocol.Reviewed(
        request.rid,
        request.client,
        revision,
        int(counts.sum()),
        int(counts[VERDICTS.index("accepted")]),
        int(counts[VERDICTS.index("rejected")]),
        _next(left, request),
        _remarks(session) if marks.words else [],
    )


def _holding(session: Session, track_id: int) -> tuple[np.ndarray, np.ndarray]:
    """The frames (n,) that a person is in, and the verdict (n,) on each that still holds, by position in VERDICTS."""
    tracks = session.state.tracks
    frames = np.asarray(tracks.frames_of(track_id), np.int64)
    of = session.marks().people.get(track_id)
    if of is None:
        return frames, np.zeros(len(frames), np.int64)
    verdict = of.verdict[frames].astype(np.int64)
    said = np.flatnonzero(verdict)
    verdict[said[changed_since(tracks, track_id, frames[said], of.seq[frames[said]])]] = 0
    return frames, verdict


def _remarks(session: Session) -> list[dict[str, Any]]:
    from impose_widget.review import comments

    newest = comments(session.reviews).tail(MOST_COMMENTS)
    return [{name: _plain(value) for name, value in remark.items()} for remark in newest.to_dict("records")]


def _next(left: dict[int, np.ndarray], request: protocol.WantReview) -> list[int] | None:
    """[frame, track_id] that comes first after where one is, and round the end; None if everybody has a verdict."""
    places = [(int(f), i) for i, frames in left.items() for f in _around(frames, request.frame)]
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
