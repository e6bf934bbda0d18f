"""What happens beside the training: pictures and the run's summary."""

from depth_lab.callbacks.panels import Panels
from depth_lab.callbacks.progress import Progress
from depth_lab.callbacks.summary import RunSummary

__all__ = ["Panels", "Progress", "RunSummary"]
