"""Networks: plain modules from an image in [0, 1] to depth in metres.

These exports are the classes that a checkpoint may name.
"""

from depth_lab.networks.base import DepthNetwork
from depth_lab.networks.glpn import GLPN
from depth_lab.networks.mean import MeanDepth
from depth_lab.networks.transfer import Transfer

__all__ = ["GLPN", "DepthNetwork", "MeanDepth", "Transfer"]
