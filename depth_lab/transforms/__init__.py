"""What happens to a frame between a data set and the network: numpy in, numpy out, intrinsics always right."""

import os

# albumentations asks a server for its newest version at import, and waits two seconds where there is no network
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from depth_lab.transforms.augment import Augmentation, evaluation_pipeline
from depth_lab.transforms.crops import CenterCrop, Crop, KittiBenchmarkCrop, RandomCrop
from depth_lab.transforms.cutdepth import VerticalCutDepth
from depth_lab.transforms.geometric import FrameTransform, HorizontalFlip, Resize, ResizeImage, resize_image
from depth_lab.transforms.pipeline import Pipeline

__all__ = [
    "Augmentation",
    "CenterCrop",
    "Crop",
    "FrameTransform",
    "HorizontalFlip",
    "KittiBenchmarkCrop",
    "Pipeline",
    "RandomCrop",
    "Resize",
    "ResizeImage",
    "VerticalCutDepth",
    "evaluation_pipeline",
    "resize_image",
]
