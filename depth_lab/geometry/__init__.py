"""Pure geometry: `camera` (what K does when pixels move) and projection between pixels and points."""

from depth_lab.geometry import camera
from depth_lab.geometry.projection import project, unproject

__all__ = ["camera", "project", "unproject"]
