"""How far the network's answers may be believed, and what that makes of them beside the prior's.

    nice python -m tests.bench.network_errors WEIGHTS --fit FOLDER … --test store_aisle openpose_video FOLDER …

An annotator clicks the worst keypoints of each clip (folders are of `impose-widget render`), the smoother carries them,
and the network says of every carried keypoint where it sees it: nothing that it says is written, so all settings are
judged by the same corrections. The factor `NetworkOptions.doubt` on its deviations is fitted on some clips (least Brier
score of being right, a similarity over one half) and judged on others: expected calibration error, the share within the
median circle (half, if deviations are what they say), and the similarity of what is fused with the prior's place.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impose_widget.core.skeleton import COCO17
from impose_widget.evaluate.annotator import SimulatedAnnotator
from impose_widget.evaluate.methods.product import Product
from impose_widget.evaluate.policies import targets
from impose_widget.network_detector import ImposeDetector
from impose_widget.propagate.base import Carry, FrameUpdate
from impose_widget.propagate.network import NetworkPropagator, _combined, _off, _size
from impose_widget.propagate.smoother import Smoother
from tests.bench.carrying import rendered
from tests.bench.clicks import labelled
from tests.bench.confidence import calibration
from tests.labelled import CLIPS

DOUBTS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
MEDIAN = 1.1774  # of the distance of a round Gaussian of two coordinates, in deviations


@dataclass(frozen=True, slots=True)
class Said:
    """Of n carried keypoints, pixels: the truth, the prior's and the network's places (n, 2), and deviations (n,).

    `reach` (n,): the distance at which the similarity is exp(-1/2).
    """

    truth: np.ndarray
    prior: np.ndarray
    network: np.ndarray
    prior_off: np.ndarray
    network_off: np.ndarray
    reach: np.ndarray

    def similarity(self, xy: np.ndarray) -> np.ndarray:
        """(n,) of places (n, 2)."""
        return np.exp(-((xy - self.truth) ** 2).sum(1) / (2 * self.reach**2))

    def probability(self, off: np.ndarray) -> np.ndarray:
        """(n,) that a place with deviations (n,) is right: that a round Gaussian falls within the similarity's half."""
        return 1 - np.exp(-np.log(2) * (self.reach / off) ** 2)

    @classmethod
    def together(cls, parts: Sequence[Said]) -> Said:
        """Several as one."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))


class Witness(NetworkPropagator):
    """Writes what the prior says, and remembers what the network said."""

    heard: list[tuple[int, int, int, np.ndarray]]

    def _update(self, carry: Carry, update: FrameUpdate, xy: np.ndarray, deviation: np.ndarray) -> FrameUpdate:
        off = _off(update, _size(carry))
        for i, k in zip(*np.nonzero(update.write & carry.anchor.any(0)), strict=True):
            facts = np.array([*update.xy[i, k], *xy[i, k], off[i, k], deviation[i, k]])
            self.heard.append((carry.track_id, int(update.frames[i]), int(k), facts))
        return update


class Listening(Product):
    """The product whose propagator is a witness."""

    def __init__(self, footage: object, witness: Witness) -> None:
        super().__init__(footage)
        self.witness = witness

    def open(self):
        session = super().open()
        session._propagator = self.witness
        return session


def listen(name: str, network: ImposeDetector, budget: int, size: int, cache: Path | None) -> Said:
    """Everything that was said in a clip while it was corrected."""
    clip = labelled(name, size) if name in CLIPS else rendered(Path(name), size)
    footage, truth = clip.open(cache)
    witness = Witness(network, Smoother(COCO17))
    annotator = SimulatedAnnotator(Listening(footage, witness), truth)
    annotator.begin()
    parts = []
    for frame, n, k in targets(annotator, "worst"):
        if annotator.spent().sum() >= budget * truth.xy.shape[1]:
            break
        witness.heard = []
        annotator.act(frame, n, k)
        whose = {owner: i for i, owner in enumerate(annotator.owner) if owner is not None}
        for track_id, t, keypoint, facts in witness.heard:
            i = whose.get(track_id)
            if i is not None and truth.labelled[t, i, keypoint]:
                reach = 2 * COCO17.sigmas[keypoint] * np.sqrt(truth.area[t, i])
                parts.append([*truth.xy[t, i, keypoint], *facts, reach])
    annotator.method.close()
    a = np.array(parts, float).reshape(-1, 9)
    return Said(a[:, :2], a[:, 2:4], a[:, 4:6], a[:, 6], a[:, 7], a[:, 8])


def brier(said: Said, doubt: float) -> float:
    """Mean squared error of the probability that the network is right."""
    right = said.similarity(said.network) > 0.5
    return float(((said.probability(doubt * said.network_off) - right) ** 2).mean())


def judge(name: str, said: Said, doubt: float) -> None:
    """One row."""
    right = said.similarity(said.network) > 0.5
    error = [calibration(said.probability(d * said.network_off), right)[0] for d in (1.0, doubt)]
    far = np.linalg.norm(said.network - said.truth, axis=1)
    inside = float((far < MEDIAN * doubt * said.network_off).mean())
    before = said.similarity(said.prior)
    cells = [f"{len(far)}", f"{right.mean():.2f}", f"{(before > 0.5).mean():.2f}", *(f"{e:.3f}" for e in error)]
    cells += [f"{inside:.2f}", f"{before.mean():.3f}", f"{said.similarity(said.network).mean() - before.mean():+.4f}"]
    for d in DOUBTS:
        at, _ = _combined("fuse", said.prior, said.prior_off, said.network, d * said.network_off)
        cells.append(f"{said.similarity(at).mean() - before.mean():+.4f}")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Read the command line, listen, fit and judge."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("weights", type=Path)
    p.add_argument("--fit", nargs="+", required=True, help="clips")
    p.add_argument("--test", nargs="+", default=["store_aisle"], help="clips")
    p.add_argument("--budget", type=int, default=3, help="clicks a tracklet")
    p.add_argument("--size", type=int, default=512, help="of the detector")
    p.add_argument("--cache", type=Path, default=None, help="folder of detections")
    a = p.parse_args()
    network = ImposeDetector(a.weights, "cpu")
    heard = {name: listen(name, network, a.budget, a.size, a.cache) for name in (*a.fit, *a.test)}
    learn, check = (Said.together([heard[n] for n in names]) for names in (a.fit, a.test))
    doubt = min(np.geomspace(0.5, 10, 60), key=lambda d: brier(learn, d))
    print(f"doubt, fitted: {doubt:.2f}\n")
    head = ["clip", "keypoints", "network right", "prior right", "ECE at doubt 1", "ECE fitted", "in median circle"]
    head += ["similarity of the prior", "of the network alone", *(f"fused, doubt {d:g}" for d in DOUBTS)]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for kind, names in (("fit", a.fit), ("test", a.test)):
        for name in names:
            judge(f"{kind}: {Path(name).name}", heard[name], doubt)
    judge("fit: all", learn, doubt)
    judge("test: all", check, doubt)


if __name__ == "__main__":
    main()
