"""The shared examples: one JSON file a message, buffers in base64."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent


def pack(data: bytes) -> dict[str, Any]:
    """A buffer as it stands in a case."""
    return {"length": len(data), "base64": base64.b64encode(data).decode("ascii")}


def unpack(buffer: dict[str, Any]) -> bytes:
    """The reverse."""
    return base64.b64decode(buffer["base64"])


def all_cases() -> dict[str, dict[str, Any]]:
    """File name without its end -> case."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.json"))}
