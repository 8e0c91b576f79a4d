"""Reports of a study: tables, Markdown, plots, one HTML page."""

from impose_widget.evaluate.report.study_report import Report

__all__ = ["Report"]
