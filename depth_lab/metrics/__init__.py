"""Scores of depth maps: the errors, the metric that accumulates them, and the protocols that say what is scored."""

from depth_lab.metrics.align import align_least_squares, align_median
from depth_lab.metrics.crops import crop_mask, crop_window
from depth_lab.metrics.functional import METRICS, SUMS, depth_errors, error_sums, errors_from_sums
from depth_lab.metrics.metric import DepthMetrics
from depth_lab.metrics.protocol import Protocol

__all__ = [
    "METRICS",
    "SUMS",
    "DepthMetrics",
    "Protocol",
    "align_least_squares",
    "align_median",
    "crop_mask",
    "crop_window",
    "depth_errors",
    "error_sums",
    "errors_from_sums",
]
