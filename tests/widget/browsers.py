"""A browser made of Python: it speaks the protocol to a host and remembers what it hears."""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any

from impose_widget import protocol as p


class Browser:
    """One page. `hear` is what a host sends with; `ask` sends a request and waits for the answer."""

    def __init__(self, name: str = "page-1") -> None:
        self.name = name
        self.receive: Any = None
        self.heard: list[tuple[dict[str, Any], list[bytes]]] = []
        self._more = threading.Condition()
        self._rids = itertools.count(1)

    def hear(self, content: dict[str, Any], buffers: list[Any]) -> None:
        """Take a message as the wire would carry it: JSON without NaN, buffers as bytes."""
        content = json.loads(json.dumps(content, allow_nan=False))
        with self._more:
            self.heard.append((content, [bytes(b) for b in buffers]))
            self._more.notify_all()

    def send(self, kind: str, **fields: Any) -> int:
        """Send a request; returns its rid."""
        rid = next(self._rids)
        self.receive({"kind": kind, "rid": rid, "client": self.name} | fields, [])
        return rid

    def ask(self, kind: str, **fields: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Send a request and wait for its answer."""
        rid = self.send(kind, **fields)
        return self.wait(lambda c: c.get("rid") == rid and c.get("client") == self.name)

    def edit(self, action: str, /, base: int = 0, **args: Any) -> dict[str, Any]:
        """Ask for an edit; the content of the answer."""
        return self.ask("edit", action=action, args=args, base=base)[0]

    def wait(self, match: Any, timeout: float = 20) -> tuple[dict[str, Any], list[bytes]]:
        """The first message, heard or still to come, for which `match(content)` holds."""
        at = 0
        with self._more:
            while True:
                for content, buffers in self.heard[at:]:
                    if match(content):
                        return content, buffers
                at = len(self.heard)
                if not self._more.wait(timeout):
                    raise TimeoutError(f"nothing that matches among {[c['kind'] for c, _ in self.heard]}")

    def kinds(self) -> list[str]:
        """Kinds of all messages so far."""
        return [c["kind"] for c, _ in self.heard]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Contents of all messages of a kind."""
        return [c for c, _ in self.heard if c["kind"] == kind]


def rows_of(content: dict[str, Any], buffers: list[bytes]) -> dict[tuple[int, int], dict[str, Any]]:
    """(frame, track_id) -> arrays of a `poses` or `changed` message."""
    rows = p.PoseRows.from_buffers(buffers, content["n"])
    names = ("xy", "score", "flags", "box", "marks")
    return {(int(f), int(i)): {n: getattr(rows, n)[r] for n in names} for r, (f, i) in enumerate(rows.who)}
