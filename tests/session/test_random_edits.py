"""A random sequence of all public calls, beside a simple model of what must be true: anchors, undo, replay."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import impose_widget as iw
from impose_widget.core.pose import SOURCES
from tests.session.sessions import anchors, assert_same, session_on, tables
from tests.walkers import SMALL, TruthDetector, Walkers

WALKERS = Walkers(12, 96, 64, [(20, 30), (60, 34)], [(1.5, 0.2), (-1.0, 0.0)])
FRAMES = WALKERS.render()

frames = st.integers(0, 11)
keypoints = st.sampled_from(SMALL.keypoints)
points = st.tuples(st.floats(0, 95, width=32), st.floats(0, 63, width=32))
scopes = st.sampled_from(["frame", "onwards", "backwards", "all"]) | st.tuples(frames, frames).map(sorted).map(tuple)
files = st.sampled_from(["poses.parquet", "poses.csv", "poses.json"])


class RandomEdits(RuleBasedStateMachine):
    """`model` is what humans stand behind; `undo_stack` and `redo_stack` are whole tables before and after actions."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Path(self.folder.name) / "clip.impose"
        self.s = self.open()
        self.model: dict = {}
        self.undo_stack: list = []
        self.redo_stack: list = []
        self.told: list = []  # revision, frame, two people told apart there (merged if it is None)

    def open(self):
        session = session_on(FRAMES, TruthDetector(WALKERS, missing=[(5, 1), (6, 1)]), self.store)
        self.heard = session.revision
        session.on_change(self.hear)
        return session

    def hear(self, changed) -> None:
        assert changed.revision >= self.heard and list(changed.frames) == sorted(set(changed.frames.tolist()))
        self.heard = changed.revision

    def teardown(self) -> None:
        self.s.close()
        self.folder.cleanup()

    # -- helpers of the model ------------------------------------------------------------------------------------

    def ids(self) -> list[int]:
        return self.s.tracks["track_id"].tolist()

    def person(self, data) -> int:
        return data.draw(st.sampled_from(self.ids()), "track_id")

    def place(self, data) -> tuple[int, int]:
        """(frame, track_id) of somebody present."""
        track_id = self.person(data)
        poses = self.s.poses
        present = poses.loc[poses["track_id"] == track_id, "frame"].unique().tolist()
        return data.draw(st.sampled_from(present), "frame"), track_id

    def act(self, action, expected=None):
        """Do it, and keep what was before for undo. `expected` edits the model of anchors."""
        before = tables(self.s), dict(self.model)
        revision = self.s.revision
        result = action()
        changed = self.s._state.history.done and self.s._state.history.done[-1] > revision
        if expected is not None:
            expected()
        if changed:
            self.undo_stack.append(before)
            self.redo_stack.clear()
        return result

    def pose(self, frame, track_id) -> dict[str, tuple[float, float, int]]:
        poses = self.s.poses
        rows = poses[(poses["frame"] == frame) & (poses["track_id"] == track_id)]
        return {
            str(k): (float(x), float(y), int(v))
            for k, x, y, v in zip(rows["keypoint"], rows["x"], rows["y"], rows["visibility"], strict=True)
        }

    def anchor_pose(self, frame, track_id, keypoints=None) -> None:
        for k, value in self.pose(frame, track_id).items():
            if (value[2] or (frame, track_id, k) in self.model) and (keypoints is None or k in keypoints):
                self.model[frame, track_id, k] = value

    def move_anchors(self, change) -> None:
        self.model = {(f, change(f, i), k): v for (f, i, k), v in self.model.items()}

    # -- the calls -----------------------------------------------------------------------------------------------

    @initialize()
    def find_people(self):
        self.act(lambda: self.s.initialize(progress=False))

    @rule(some=st.none() | st.lists(frames, max_size=5))
    def find_again(self, some):
        self.act(lambda: self.s.initialize(some, progress=False))

    @rule(chunk=st.integers(1, 6))
    def find_a_little(self, chunk):
        def run():
            steps = self.s.iter_initialize(chunk=chunk)
            next(steps, None)
            getattr(steps, "close", lambda: None)()

        self.act(run)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), frame=frames, k=keypoints, xy=points, v=st.sampled_from([1, 2]), by_name=st.booleans())
    def correct(self, data, frame, k, xy, v, by_name):
        i = self.person(data)
        rows = self.act(
            lambda: self.s.correct(frame, i, k if by_name else SMALL.keypoints.index(k), xy, v),
            lambda: self.model.update({(frame, i, k): (float(xy[0]), float(xy[1]), v)}),
        )
        assert set(rows["frame"]) <= {frame} and set(rows["track_id"]) <= {i}, "a click changes one person in one frame"

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), k=keypoints, v=st.sampled_from([0, 1, 2]))
    def set_visibility(self, data, k, v):
        frame, i = self.place(data)
        x, y, old = self.pose(frame, i)[k]
        if v and not old:
            with pytest.raises(ValueError, match="with a position"):
                self.s.set_visibility(frame, i, k, v)
            return
        value = (x, y, v) if v else (math.nan, math.nan, 0)
        self.act(lambda: self.s.set_visibility(frame, i, k, v), lambda: self.model.update({(frame, i, k): value}))

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), on=st.booleans())
    def set_anchor(self, data, on):
        frame, i = self.place(data)

        def expected():
            if on:
                self.anchor_pose(frame, i)
            else:
                self.model = {key: v for key, v in self.model.items() if key[:2] != (frame, i)}

        self.act(lambda: self.s.set_anchor(frame, i, on), expected)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), dx=st.floats(-3, 3), scale=st.floats(0.8, 1.2), turn=st.floats(-20, 20))
    def move(self, data, dx, scale, turn):
        frame, i = self.place(data)
        if not any(v for *_, v in self.pose(frame, i).values()):
            return
        self.act(lambda: self.s.move(frame, i, (dx, 0), scale, turn), lambda: self.anchor_pose(frame, i))

    @precondition(lambda self: self.ids())
    @rule(data=st.data())
    def flip(self, data):
        frame, i = self.place(data)

        def expected():
            for k, value in self.pose(frame, i).items():
                if k.endswith("hand"):
                    self.model[frame, i, k] = value

        self.act(lambda: self.s.flip(frame, i), expected)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), to=frames)
    def copy_pose(self, data, to):
        frame, i = self.place(data)
        wanted = self.pose(frame, i)
        self.act(
            lambda: self.s.copy_pose(i, frame, to),
            lambda: self.model.update({(to, i, k): v for k, v in wanted.items()}),
        )

    @rule(frame=frames, x=st.floats(0, 70), y=st.floats(0, 30))
    def draw_box(self, frame, x, y):
        before = set(self.s.events["track_id"])
        new = self.act(lambda: self.s.draw_box(frame, (x, y, 20, 30)))
        assert new not in before and frame in set(self.s.boxes.query("track_id == @new")["frame"])

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), frame=frames, x=st.floats(0, 70), y=st.floats(0, 30))
    def draw_box_of_somebody(self, data, frame, x, y):
        i = self.person(data)
        assert self.act(lambda: self.s.draw_box(frame, (x, y, 20, 30), i)) == i

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), x=st.floats(0, 70), y=st.floats(0, 30), fit=st.booleans())
    def set_box(self, data, x, y, fit):
        frame, i = self.place(data)
        if fit and not any(v for *_, v in self.pose(frame, i).values()):
            return
        poses = self.s.poses
        row = self.act(lambda: self.s.set_box(frame, i, None if fit else (x, y, 20, 30)))
        pd.testing.assert_frame_equal(self.s.poses, poses)
        assert row["anchor"].item() is not fit

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data(), scope=scopes)
    def assign(self, data, scope):
        frame, a = self.place(data)
        b = data.draw(st.sampled_from([i for i in self.ids() if i != a]), "new_track_id")
        span = self.span(frame, scope, a, b) & set(self.s._state.tracks.frames_of(a).tolist())
        if not span:
            return
        self.act(lambda: self.s.assign(frame, a, b, scope), lambda: self.exchange(a, b, span))
        self.tell(frame, a, b)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), scope=scopes)
    def assign_to_somebody_new(self, data, scope):
        frame, a = self.place(data)
        new = self.s._state.next_track_id + 2  # any number that nobody ever had will do
        span = self.span(frame, scope, a, new) & set(self.s._state.tracks.frames_of(a).tolist())
        if not span:
            return
        self.act(lambda: self.s.assign(frame, a, new, scope), lambda: self.exchange(a, new, span))
        self.tell(frame, a, new)

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data(), scope=scopes)
    def swap(self, data, scope):
        frame, a = self.place(data)
        b = data.draw(st.sampled_from([i for i in self.ids() if i != a]), "b")
        span = self.span(frame, scope, a, b)
        if not span & {*self.s._state.tracks.frames_of(a).tolist(), *self.s._state.tracks.frames_of(b).tolist()}:
            return
        self.act(lambda: self.s.swap(a, b, frame, scope), lambda: self.exchange(a, b, span))
        self.tell(frame, a, b)

    def tell(self, frame, a, b) -> None:
        self.told = [*self.told, (self.s.revision, frame, {a, b})]

    def span(self, frame, scope, *people) -> set[int]:
        """A scope's frames; from here on or back it ends where a human told one of these people from another."""
        if isinstance(scope, tuple):
            return set(range(scope[0], scope[1] + 1))
        holds = set(self.s._state.history.done)
        told: list = []
        for seq, f, pair in self.told:
            if seq in holds:
                told = [t for t in told if t[1] != pair] if f is None else [*told, (f, pair)]
        told = [f for f, pair in told if pair & set(people)]
        ends = {"onwards": [f for f in told if f > frame], "backwards": [f for f in told if f < frame]}
        stop, first = min(ends["onwards"], default=12), max(ends["backwards"], default=-1) + 1
        return set(
            {"frame": [frame], "onwards": range(frame, stop), "backwards": range(first, frame + 1), "all": range(12)}[
                scope
            ]
        )

    def exchange(self, a, b, span) -> None:
        self.move_anchors(lambda f, i: {a: b, b: a}.get(i, i) if f in span else i)

    @precondition(lambda self: len(self.ids()) > 1)
    @rule(data=st.data())
    def merge(self, data):
        a = self.person(data)
        b = data.draw(st.sampled_from([i for i in self.ids() if i != a]), "b")

        def expected():
            theirs = {(f, a, k): v for (f, i, k), v in self.model.items() if i == b}
            self.model = theirs | {key: v for key, v in self.model.items() if key[1] != b}

        self.act(lambda: self.s.merge(a, b), expected)
        self.told.append((self.s.revision, None, {a, b}))

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), frame=frames)
    def split(self, data, frame):
        i = self.person(data)
        held = self.s._state.tracks.frames_of(i)
        if not held[0] < frame <= held[-1]:
            with pytest.raises(ValueError, match="nothing to split"):
                self.s.split(i, frame)
            return
        new = self.act(lambda: self.s.split(i, frame))
        self.tell(frame, i, new)
        self.move_anchors(lambda f, who: new if who == i and f >= frame else who)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), scope=scopes)
    def delete(self, data, scope):
        frame, i = self.place(data)
        span = self.span(frame, scope)
        if not span & set(self.s._state.tracks.frames_of(i).tolist()):
            return

        def expected():
            self.model = {key: v for key, v in self.model.items() if not (key[1] == i and key[0] in span)}

        self.act(lambda: self.s.delete(i, frame, scope), expected)

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), gap=st.integers(1, 12))
    def interpolate(self, data, gap):
        self.act(lambda: self.s.interpolate(self.person(data), 0, 11, gap))

    @precondition(lambda self: self.ids())
    @rule(direction=st.sampled_from(["forward", "backward", "both"]))
    def propagate(self, direction):
        self.act(lambda: self.s.propagate(direction=direction, progress=False))
        assert direction != "both" or not self.s.frames["stale"].any()

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), direction=st.sampled_from(["forward", "backward"]), stop=frames, k=keypoints)
    def propagate_some(self, data, direction, stop, k):
        """Chosen people, one keypoint, up to a frame: nothing else may change."""
        i, before = self.person(data), self.s.poses
        self.act(lambda: self.s.propagate(None, direction, stop, [i], k, progress=False))
        columns = ["frame", "track_id", "keypoint", "x", "y"]
        others = [p.loc[(p["track_id"] != i), columns].reset_index(drop=True) for p in (before, self.s.poses)]
        assert others[0].equals(others[1])

    @precondition(lambda self: self.ids())
    @rule(data=st.data())
    def propagate_from_here(self, data):
        frame, i = self.place(data)
        self.act(lambda: self.s.propagate(frame, "both", tracks=i, progress=False))

    @precondition(lambda self: self.ids())
    @rule()
    def propagate_everybody(self):
        self.act(lambda: self.s.propagate(direction="both", tracks="all", progress=False))

    @precondition(lambda self: self.ids())
    @rule(after=st.integers(0, 3))
    def propagate_a_little(self, after):
        """Cancelled after some updates: a valid state, and the rest is marked."""

        def run():
            updates = self.s.iter_propagate(direction="both")
            for _, _ in zip(range(after), updates, strict=False):
                pass
            updates.close()

        self.act(run)

    @rule(data=st.data(), state=st.sampled_from(["accepted", "ignored", "open"]))
    def resolve_issue(self, data, state):
        issue = self.s.next_issue()
        if issue is not None:
            self.act(lambda: self.s.resolve_issue(issue, state))

    @precondition(lambda self: self.ids())
    @rule(data=st.data(), verdict=st.sampled_from(["accepted", "rejected", "open"]), whole=st.booleans())
    def review(self, data, verdict, whole):
        frame, i = self.place(data)
        if whole or i in self.s._state.tracks.at(frame):
            self.act(lambda: self.s.review(None if whole else frame, i, verdict, "looked at"))

    @precondition(lambda self: 0 < len(self.ids()) < 5)  # each time there are twice as many people
    @rule()
    def load_own_poses(self):
        poses = self.s.poses
        names = self.act(lambda: self.s.load(poses.sample(frac=1, random_state=0)))
        for (f, i, k), v in list(self.model.items()):
            self.model[f, names[i], k] = v

    @precondition(lambda self: 0 < len(self.ids()) < 5)
    @rule(name=files)
    def export_and_take_in_again(self, name):
        poses, before, revision = self.s.poses, tables(self.s), self.s.revision
        path = self.s.export(Path(self.folder.name) / name)
        assert self.s.revision == revision
        assert_same(tables(self.s), before)
        placed = poses["visibility"] > 0
        back = iw.read(path)
        assert (back["visibility"] > 0).sum() == placed.sum()
        taken = [f"{i} {f}" for i, f in zip(poses["track_id"], poses["frame"], strict=True)]
        names = self.act(lambda: self.s.load(path))
        assert set(names) == set(back["track_id"]) and not set(names.values()) & set(poses["track_id"])
        for (f, i, k), v in list(self.model.items()):
            if i in names and f"{names[i]} {f}" not in taken:
                self.model[f, names[i], k] = v

    @rule(after=st.none() | st.integers(0, 2**31))
    def only_look(self, after):
        revision, before = self.s.revision, tables(self.s)
        assert self.s.metrics()["clicks"] == int(self.s.events["clicks"].sum())
        issue = self.s.next_issue(after)
        assert issue is None or issue["state"] == "open"
        assert self.s.save() == self.store and str(self.store) in repr(self.s)
        assert self.s.revision == revision == self.s.events["seq"].max()
        assert_same(tables(self.s), before)

    @precondition(lambda self: self.s.last_propagation() is not None)
    @rule(first=frames, n=st.integers(0, 12))
    def reject_a_part_of_a_propagation(self, first, n):
        self.act(lambda: self.s.reject(frames=(first, min(first + n, len(self.s.video) - 1))))

    @rule()
    def undo(self):
        done = self.s.undo()
        assert done == bool(self.undo_stack)
        if done:
            now = tables(self.s)
            then, model = self.undo_stack.pop()
            assert_same(now, then)
            self.redo_stack.append(self.model)
            self.model = model

    @rule()
    def undo_then_redo(self):
        before = tables(self.s)
        if self.s.undo():
            assert self.s.redo()
            assert_same(tables(self.s), before)

    @precondition(lambda self: self.redo_stack)
    @rule()
    def redo(self):
        before = tables(self.s), self.model
        assert self.s.redo()
        self.undo_stack.append(before)
        self.model = self.redo_stack.pop()

    @rule()
    def reopen(self):
        before = tables(self.s)
        self.s.close()
        self.s = self.open()
        assert_same(tables(self.s), before)

    # -- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def anchors_are_where_humans_put_them(self):
        got = anchors(self.s)
        assert set(got) == set(self.model)
        for key, value in self.model.items():
            np.testing.assert_allclose(got[key], value, rtol=0, atol=0)

    @invariant()
    def poses_keep_the_contract(self):
        poses = self.s.poses
        absent = poses["visibility"] == 0
        assert (poses["x"].isna() == absent).all() and (poses["y"].isna() == absent).all()
        key = poses[["frame", "track_id", "keypoint"]]
        assert not key.duplicated().any()
        assert key.equals(key.sort_values(["frame", "track_id", "keypoint"], ignore_index=True))
        assert list(poses["source"].cat.categories) == list(SOURCES)
        assert (poses["revision"] <= self.s.revision).all()


RandomEdits.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRandomEdits = pytest.mark.filterwarnings("ignore::ResourceWarning")(RandomEdits.TestCase)
