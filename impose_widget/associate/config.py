from __future__ import annotations
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class AssociationConfig:
    memory: int = 45
    strong_score: float = 0.25
    weak_score: float = 0.08
    birth_score: float = 0.25
    birth_hits: int = 3
    birth_within: int = 6
    weak_memory: int = 10
    lookback: int = 10
    looseness: float = 4.0
    growth: float = 0.15
    min_similarity: float = 0.25
    oks_share: float = 0.6
    damping: float = 0.9
    gain: float = 0.4
    duplicate: float = 0.6
    lost_penalty: float = 0.1
    bridge_after: int = 10
    bridge_span: int = 20
    bridge_similarity: float = 0.1
