"""Global-Local Path Networks (Kim et al. 2022, arXiv:2201.07436)."""

from __future__ import annotations

from depth_lab.networks import GLPN
from depth_lab.tasks.depth import DepthTask


class GLPNTask(DepthTask):
    """Trains a `GLPN` whole, with one learning rate; its published recipe is `conf/model/glpn.yaml`."""

    network: GLPN
