"""Undo and redo as a pure fold over the log of actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from impose_widget.session.journal import Action

NO_STEP = frozenset({"initialize"})


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

    @classmethod
    def of(cls, actions: Iterable[tuple[Action, bool]]) -> History:
        """The history after some actions; the flag says whether an action changed anything."""
        history = cls()
        for action, changed in actions:
            history.record(action, changed)
        return history

    def record(self, action: Action, changed: bool = True) -> None:
        """Take note of an action: an undo or redo moves its target, an edit makes redo impossible."""
        if action.kind == "undo":
            self.done.remove(action.payload["of"])
            self.undone.append((action.payload["of"], action.seq))
        elif action.kind == "redo":
            self.undone = [pair for pair in self.undone if pair[0] != action.payload["of"]]
            self.done.append(action.payload["of"])
        elif changed and action.kind not in NO_STEP:
            self.done.append(action.seq)
            self.undone.clear()
