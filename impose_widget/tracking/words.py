"""Which word of the dictionary stands for whom: lent, and taken back from whoever was not seen for longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable


class Words:
    """Words 0 to `count` - 1, each for one person at a time.

    Source: MOTIP's runtime_tracker.py, whose queue of free words this is. There somebody new is dropped when no word is
    free; here they go without a word, and who asks finds another way to follow them.
    """

    def __init__(self, count: int) -> None:
        self._free = list(range(count))[::-1]
        self._of: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._of)

    def lend(self, people: Iterable[int], forgotten: Iterable[int] = ()) -> dict[int, int]:
        """Words of people, most important last: person -> word, without those for whom none was left.

        Args:
            people: who is to have a word; somebody who has one keeps it.
            forgotten: whose words are free again.
        """
        for person in forgotten:
            if person in self._of:
                self._free.append(self._of.pop(person))
        wanted = list(dict.fromkeys(people))
        for person in wanted:
            if person in self._of:
                self._of.move_to_end(person)
        for person in wanted[::-1]:
            if person in self._of:
                continue
            if not self._free:
                oldest = next(iter(self._of), None)
                if oldest is None or oldest in wanted:
                    break  # more people than words
                self._free.append(self._of.pop(oldest))
            self._of[person] = self._free.pop()
        return {p: self._of[p] for p in wanted if p in self._of}
