"""Jobs, issues and errors as messages tell them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from impose_widget.protocol import Refused
from impose_widget.worker import Job


def job_facts(job: Job) -> dict[str, Any]:
    return {"job": job.number, "what": job.what, "done": job.done, "total": job.total, "text": job.text}


def issue_facts(issue: Any) -> dict[str, Any]:
    return {k: cell(v) for k, v in issue.items() if k != "state"}


def cell(value: Any) -> Any:
    """A cell of a table for JSON: nothing where it is missing, in whichever way pandas says so."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def explain(error: BaseException) -> tuple[str, str]:
    """Code and sentence for the user."""
    if isinstance(error, Refused):
        return error.code, str(error)
    if isinstance(error, PermissionError):
        return "read_only", str(error)
    if isinstance(error, KeyError):
        return "value", str(error.args[0]) if error.args else str(error)
    if isinstance(error, (ValueError, TypeError, IndexError)):
        return "value", str(error)
    if isinstance(error, OSError):
        return "failed", str(error)
    return (
        "failed",
        f"Something went wrong that should not ({type(error).__name__}: {error}); nothing was changed by it.",
    )
