"""Files to numpy in metres, and back: the only place of units and file formats."""

from depth_lab.io.depth import read_depth_png, write_depth_png
from depth_lab.io.images import read_image, write_image

__all__ = ["read_depth_png", "read_image", "write_depth_png", "write_image"]
