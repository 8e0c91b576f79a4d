"""The trained ID decoder as a part without torch in its face: chances in, chances out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impose_widget.tracking.history import History
from impose_widget.tracking.people import People
from impose_widget.tracking.words import Words

WEIGHTS = Path(__file__).parent.parent / "assets" / "identity.safetensors"


class Decoding:
    """Chances that people now are people of a history.

    Args:
        weights: of an ID decoder, as `impose-widget train --stage identity` writes them.
        size: width and height of the image.
        namings: draws of words whose chances are averaged.

    Raises:
        FileNotFoundError, ValueError: there is no such file, or it is of something else.
        ImportError: torch is not installed.
    """

    def __init__(self, weights: str | Path, size: tuple[float, float], namings: int = 1) -> None:
        from impose_widget.model.id_file import load_identity

        self._network = load_identity(Path(weights))
        self.window: int = self._network.config.window
        self.size = float(size[0]), float(size[1])
        self._words = Words(self._network.config.words)
        self._orders = [np.random.default_rng(i).permutation(self._network.config.words) for i in range(namings)]
        self.overflowed = 0
        """How many people at most went without a word in a frame."""

    def chances(self, now: People, history: History, frame: int, among: set[int] | None = None):
        """Chances (Q, N + 1) that people of a frame are N people of its history, and, last, somebody new; and those N.

        Args:
            now: Q people of the frame.
            history: who was where before.
            frame: their frame.
            among: whom of the history to look at; None: all. People without a word have no column: they are to be
                followed in another way.
        """
        import torch

        from impose_widget.model.relations import Observations

        everyone = [n for n in history.names() if among is None or n in among]
        words = self._words.lend(everyone)
        self.overflowed = max(self.overflowed, len(everyone) - len(words))
        names = np.array([n for n in everyone if n in words], int)
        past = history.rows(frame)
        if past is None or not len(names) or not len(now):
            return np.tile(np.eye(1, len(names) + 1, len(names)), (len(now), 1)), names
        keep = np.isin(past[0], names)
        said, then = np.array([words.get(int(n), 0) for n in past[0][keep]], int), past[1][keep]
        sign = 1 if not len(then) or int(then.frame[0]) < frame else -1

        def observed(people: People) -> Observations:
            fields = (people.frame * sign, people.xy, people.weight, people.box, people.score, people.velocity)
            tensors = (torch.from_numpy(np.ascontiguousarray(f))[None] for f in fields)
            features = torch.from_numpy(people.features)[None] if people.features.shape[1] else None
            size = torch.tensor([self.size], dtype=torch.float32)
            return Observations(*tensors, torch.ones(1, len(people), dtype=torch.bool), size, features)

        total = np.zeros((len(now), len(names) + 1))
        columns = np.array([words[int(n)] for n in names])
        with torch.inference_mode():
            a, b = observed(now), observed(then)
            for order in self._orders:
                logits = self._network(a, b, torch.from_numpy(order[said])[None])[0]
                lent = torch.from_numpy(np.append(order[columns], self._network.newborn))
                total += logits[:, lent].softmax(-1).double().numpy()
        return total / len(self._orders), names
