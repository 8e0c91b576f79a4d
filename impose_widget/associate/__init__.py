"""Who is who: detections of single frames linked to people over time."""

from impose_widget.associate.associate import associate
from impose_widget.associate.config import AssociationConfig

__all__ = ["AssociationConfig", "associate"]
