"""Review of annotations: what a reviewer checked and changed, and how two sets of annotations differ."""

from impose_widget.review.compare import Comparison, compare
from impose_widget.review.report import ReviewReport, comments, review_report

__all__ = ["Comparison", "ReviewReport", "comments", "compare", "review_report"]
