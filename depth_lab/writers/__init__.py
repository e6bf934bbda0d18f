"""Predictions to files: `writer(prediction, folder)`, and `close()` where a file spans predictions."""

from depth_lab.writers.colour import ColourWriter
from depth_lab.writers.depth import DepthWriter, NPZWriter

__all__ = ["ColourWriter", "DepthWriter", "NPZWriter"]
