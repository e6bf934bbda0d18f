"""Global-Local Path Networks (Kim et al. 2022, arXiv:2201.07436)."""

from __future__ import annotations

from typing import Any

from depth_lab.networks import GLPN
from depth_lab.tasks.depth import DepthTask


class GLPNTask(DepthTask):
    """Trains a `GLPN` whole, with one learning rate; its published recipe is `conf/model/glpn.yaml`."""

    network: GLPN

    def __init__(self, network: GLPN, **options: Any) -> None:
        super().__init__(network, **options)
