"""Undo and redo as a pure fold over the log of actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from impose_widget.session.journal import Action


@dataclass(slots=True)
class History:
    """Which actions can be undone (`done`) and redone (`undone`), newest last; `void`: all that are taken back."""

    done: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    void: set[int] = field(default_factory=set)

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
            self.undone.append(action.payload["of"])
            self.void.add(action.payload["of"])
        elif action.kind == "redo":
            self.undone.remove(action.payload["of"])
            self.done.append(action.payload["of"])
            self.void.discard(action.payload["of"])
        elif changed:
            self.done.append(action.seq)
            self.undone.clear()
