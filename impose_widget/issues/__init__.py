"""Issues: places that a human should look at next, each with a reason in words.

`evidence` says what detectors say, one detector a file; `calibration` turns it into the chance that a human would
correct the place; `gather` makes places of it, and `queue` puts them in order and keeps what did not change.
"""

from impose_widget.issues.evidence import KINDS
from impose_widget.issues.joined import DIFFERS, joined
from impose_widget.issues.queue import COLUMNS, STATES, Queue, issues_table

__all__ = ["COLUMNS", "DIFFERS", "KINDS", "STATES", "Queue", "issues_table", "joined"]
