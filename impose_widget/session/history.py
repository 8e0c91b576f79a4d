"""Undo and redo as a pure fold over the log of actions."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

from impose_widget.session.journal import Action

NO_STEP = frozenset({"initialize"})
NOT_THEMSELVES = frozenset({"undo", "redo"})


@dataclass(slots=True)
class History:
    """Which actions can be undone (`done`) and redone (`undone`), newest last.

    Finding people is no step: it may go on in the background between two edits, and nobody means it by "undo".

    Attributes:
        done: numbers of actions.
        undone: numbers of actions, and of the undo that took each back.
    """

    done: list[int] = field(default_factory=list)
    undone: list[tuple[int, int]] = field(default_factory=list)
    _steps: set[int] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, actions: Iterable[tuple[Action, bool]]) -> History:
        """The history after some actions; the flag says whether an action changed anything."""
        history = cls()
        for action, changed in actions:
            history.record(action, changed)
        return history

    def record(self, action: Action, changed: bool = True) -> None:
        """Take note of an action: an undo or redo moves its target, an edit makes redo impossible."""
        of = action.payload.get("of")
        if action.kind == "undo" and of in self.done:
            self.done.remove(of)
            self.undone.append((of, action.seq))
        elif action.kind == "redo" and of in (target for target, _ in self.undone):
            self.undone = [pair for pair in self.undone if pair[0] != of]
            self.done.append(of)
        elif action.kind not in NOT_THEMSELVES and changed:
            self.came_to_change(action)

    def came_to_change(self, action: Action) -> None:
        """An action that goes on is a step from its first change; work that finds nothing to do is none."""
        if action.kind in NO_STEP or action.seq in self._steps:
            return
        self._steps.add(action.seq)
        bisect.insort(self.done, action.seq)
        self.undone.clear()
