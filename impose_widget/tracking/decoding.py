"""The trained ID decoder as a part without torch in its face: chances in, chances out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impose_widget.tracking.people import People
from impose_widget.tracking.words import Words

if TYPE_CHECKING:
    from impose_widget.model.relations import Observations

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
        self.features: int = self._network.config.features
        self.size = float(size[0]), float(size[1])
        self._words = Words(self._network.config.words)
        self._orders = [np.random.default_rng(i).permutation(self._network.config.words) for i in range(namings)]
        self.overflowed = 0
        """How many people at most went without a word in a frame."""

    def chances(
        self, now: People, names: np.ndarray, then: People, among: set[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Chances that people of a frame are people of a history.

        Args:
            now: Q people of one frame.
            names: (S,) whose the rows of the history are.
            then: S people of the frames before (or all after: time may run backwards), no further than the window.
            among: whom of them to look at; None: all.

        Returns:
            (Q, N + 1) chances, the last column of somebody new; and the N names that the others stand for. People
            without a word have no column: they are to be followed in another way.
        """
        import torch

        if among is not None:
            keep = np.isin(names, list(among))
            names, then = names[keep], then[keep]
        order = np.argsort(-np.abs(then.frame - now.frame[0])) if len(now) and len(then) else np.zeros(0, int)
        everyone = list(dict.fromkeys(names[order][::-1].tolist()))[::-1]  # who was seen last comes last
        words = self._words.lend(everyone)
        self.overflowed = max(self.overflowed, len(everyone) - len(words))
        named = np.array([n for n in everyone if n in words], int)
        if not len(named) or not len(now):
            return np.tile(np.eye(1, len(named) + 1, len(named)), (len(now), 1)), named
        if len(words) < len(everyone):
            keep = np.isin(names, named)
            names, then = names[keep], then[keep]
        _, at = np.unique(names, return_inverse=True)
        said = np.array([words[int(n)] for n in np.unique(names)])[at]
        columns = np.array([words[int(n)] for n in named])
        sign = 1 if int(then.frame[0]) < int(now.frame[0]) else -1
        total = np.zeros((len(now), len(named) + 1))
        with torch.inference_mode():
            a, b = self._observed(now, sign), self._observed(then, sign)
            for order in self._orders:
                logits = self._network(a, b, torch.from_numpy(order[said])[None])[0]
                lent = torch.from_numpy(np.append(order[columns], self._network.newborn))
                total += logits[:, lent].softmax(-1).double().numpy()
        return total / len(self._orders), named

    def _observed(self, people: People, sign: int) -> Observations:
        import torch

        from impose_widget.model.relations import Observations

        fields = (people.frame * sign, people.xy, people.weight, people.box, people.score, people.velocity)
        tensors = (torch.from_numpy(np.ascontiguousarray(f))[None] for f in fields)
        features = torch.from_numpy(people.features)[None] if people.features.shape[1] else None
        size = torch.tensor([self.size], dtype=torch.float32)
        return Observations(*tensors, torch.ones(1, len(people), dtype=torch.bool), size, features)
