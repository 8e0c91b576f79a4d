"""Every message has an example that both languages read, and what is no message is refused in a sentence."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impose_widget import protocol as p
from impose_widget.session import Session
from tests.protocol.cases import all_cases, unpack
from tests.protocol.make_cases import MESSAGES, case

KINDS = {"request": p.REQUESTS, "answer": p.ANSWERS, "broadcast": p.BROADCASTS}


def test_every_message_has_an_example_and_every_example_is_what_is_sent() -> None:
    held = all_cases()
    assert {(c["direction"], c["content"]["kind"]) for c in held.values()} == {
        (direction, kind) for direction, kinds in KINDS.items() for kind in kinds
    }
    assert held == {name: case(message) for name, message in MESSAGES}, "python -m tests.protocol.make_cases"


@pytest.mark.parametrize(("name", "message"), [m for m in MESSAGES if isinstance(m[1], p.Request)])
def test_a_request_is_read_as_it_was_meant(name: str, message: p.Request) -> None:
    assert p.decode(all_cases()[name]["content"]) == message


def test_pose_rows_survive_the_way() -> None:
    held = all_cases()["poses"]
    rows = p.PoseRows.from_buffers([unpack(b) for b in held["buffers"]], held["content"]["n"])
    sent = dict(MESSAGES)["poses"].rows
    for field in dataclasses.fields(p.PoseRows):
        np.testing.assert_array_equal(getattr(rows, field.name), getattr(sent, field.name))
    empty = p.PoseRows.from_buffers([b""] * 6, 0)
    assert len(empty) == 0 and empty.to_buffers() == [b""] * 6


def test_every_action_is_a_call_of_the_session_with_these_arguments() -> None:
    import inspect

    for action, names in p.ACTIONS.items():
        assert tuple(inspect.signature(getattr(Session, action)).parameters)[1:] == names, action


GOOD = all_cases()["edit_correct"]["content"]
PICTURES = all_cases()["want_frames"]["content"]
BAD: dict[str, tuple[Any, str, str]] = {
    "no object": ([1, 2], "value", "JSON object"),
    "no kind": ({}, "unknown", "kind"),
    "an unknown kind": (GOOD | {"kind": "explode"}, "unknown", "explode"),
    "a kind that is no text": (GOOD | {"kind": ["edit"]}, "unknown", "edit"),
    "no rid": ({k: v for k, v in GOOD.items() if k != "rid"}, "value", "rid"),
    "a rid of true": (GOOD | {"rid": True}, "value", "rid"),
    "a rid that is no safe integer": (GOOD | {"rid": 2**60}, "value", "rid"),
    "args that are a list": (GOOD | {"args": []}, "value", "args"),
    "an unknown action": (GOOD | {"action": "close"}, "unknown", "close"),
    "a private name": (GOOD | {"action": "_commit"}, "unknown", "_commit"),
    "an argument too many": (GOOD | {"args": GOOD["args"] | {"colour": 1}}, "value", "colour"),
    "a text of a megabyte": (GOOD | {"args": {"keypoint": "x" * 2**20}}, "value", "1000 characters"),
    "a list without end": (GOOD | {"args": {"xy": [0.0] * 5000}}, "value", "1000 entries"),
    "a hundred frames": (PICTURES | {"want": list(range(100))}, "value", "32"),
    "half frames": (PICTURES | {"want": [0.5]}, "value", "integers"),
    "an odd size": (PICTURES | {"size": "huge"}, "value", "preview"),
    "too many poses": ({"kind": "poses", "rid": 1, "client": "a", "first": 0, "stop": 10**6}, "value", "1000"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_request_is_refused_in_a_sentence(what: str) -> None:
    content, code, says = BAD[what]
    with pytest.raises(p.Refused, match=says) as refused:
        p.decode(content)
    assert refused.value.code == code and len(str(refused.value)) < 400


def test_a_message_of_twenty_megabytes_is_refused() -> None:
    with pytest.raises(p.Refused, match="4 MB"):
        p.decode(GOOD, [memoryview(bytearray(20 * 2**20))])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(
    kind=st.sampled_from(sorted(p.REQUESTS)) | st.text(max_size=5), fields=st.dictionaries(st.text(max_size=8), JSON)
)
def test_anything_is_either_a_request_or_refused(kind: str, fields: dict) -> None:
    names = {f.name for c in p.REQUESTS.values() for f in dataclasses.fields(c)}
    content = {"kind": kind} | fields | dict(zip(sorted(names), fields.values(), strict=False))
    try:
        request = p.decode(content)
    except p.Refused:
        p.address(content)
    else:
        assert isinstance(request, p.Request)


def test_the_address_of_an_answer_is_read_from_whatever_there_is() -> None:
    assert p.address(None) == (None, None) and p.address({"rid": math.nan, "client": 3}) == (None, None)
    assert p.address({"rid": 4, "client": "a"}) == (4, "a")
