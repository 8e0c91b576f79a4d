"""Guidelines of an annotation project: who is to be annotated, what is said of each person, and what export does."""

from impose_widget.guidelines.judge import apply, judge, left_out
from impose_widget.guidelines.rules import FILES, Guidelines, find_guidelines

__all__ = ["FILES", "Guidelines", "apply", "find_guidelines", "judge", "left_out"]
