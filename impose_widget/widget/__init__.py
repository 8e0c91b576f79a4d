"""The annotator in a notebook: `Annotator`, a thin shell around `Host`, which serves a session."""

from impose_widget.widget.annotator import Annotator as Annotator
