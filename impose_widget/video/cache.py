"""A cache that knows how many bytes it holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class ByteCache:
    """The values used last, as many as fit into `limit` bytes (one is kept however large it is)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get(self, key: Hashable) -> Any:
        """The value, now the one used last; None if it is not held."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value of so many bytes; the ones not used for longest go."""
        if key in self._values:
            self.held -= self._values.pop(key)[1]
        self._values[key] = value, size
        self.held += size
        while self.held > self.limit and len(self._values) > 1:
            self.held -= self._values.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self.held = 0
