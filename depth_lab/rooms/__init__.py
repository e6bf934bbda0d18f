"""Rooms: the embedded RGB-D data set, rendered where it is used. Nothing here imports torch.

Each view shows a furnished room and a child-like figure of known standing height, with exact z-depth, intrinsics, pose
and floor plane. `render_room` makes one view, `render_split` a cached split, `read_split` opens it.
"""

from depth_lab.rooms.render import View, figure_mask, render, render_room
from depth_lab.rooms.room import build_room
from depth_lab.rooms.scene import LABELS
from depth_lab.rooms.sensor import sensor
from depth_lab.rooms.store import Split, read_split, render_split

__all__ = [
    "LABELS",
    "Split",
    "View",
    "build_room",
    "figure_mask",
    "read_split",
    "render",
    "render_room",
    "render_split",
    "sensor",
]
