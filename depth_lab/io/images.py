"""Colour images from and to files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from depth_lab.io.files import atomic

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def read_image(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """An 8-bit RGB image, turned as its EXIF orientation says; grey, palette, CMYK and alpha become RGB.

    Raises ValueError for a file that is no image, is cut off, or holds 16 bits a channel.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise ValueError(
                    f"{path} holds {picture.mode} pixels, an 8-bit colour image is needed: is it a depth map? If it is a "
                    "16-bit photo, convert it to 8 bits first."
                )
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileNotFoundError:
        raise ValueError(f"There is no image at {path}: check the path.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image ({error}): replace or remove the file.") from None


def write_image(path: Path, image: UInt8[np.ndarray, "h w 3"]) -> None:
    """Write an RGB image in the format of the path's suffix; the file appears whole or not at all."""
    with atomic(path) as partial:
        Image.fromarray(image).save(partial)
