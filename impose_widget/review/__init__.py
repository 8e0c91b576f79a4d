"""Review of annotations: what a reviewer checked and changed, and how two sets of annotations differ."""

from impose_widget.review.compare import Comparison, compare
from impose_widget.review.report import ReviewReport, review_report

__all__ = ["Comparison", "ReviewReport", "compare", "review_report"]
