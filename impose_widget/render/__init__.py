"""Pictures of poses: on one image, over a video, side by side on a sheet."""

from impose_widget.render.overlay import overlay_frames, overlay_scale
from impose_widget.render.poses import draw_poses
from impose_widget.render.sheet import Pick, contact_sheet

__all__ = ["Pick", "contact_sheet", "draw_poses", "overlay_frames", "overlay_scale"]
