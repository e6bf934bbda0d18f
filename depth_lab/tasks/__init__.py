"""Lightning tasks: what `model=` picks."""

from depth_lab.tasks.depth import DepthTask
from depth_lab.tasks.glpn import GLPNTask
from depth_lab.tasks.schedules import constant, one_cycle, polynomial_up_down
from depth_lab.tasks.scoring import score
from depth_lab.tasks.transfer import TransferTask

__all__ = ["DepthTask", "GLPNTask", "TransferTask", "constant", "one_cycle", "polynomial_up_down", "score"]
