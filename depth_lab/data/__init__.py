"""Data sets: each file holds one, with its Dataset and a thin LightningDataModule."""

from depth_lab.data.dataset import RGBDDataset
from depth_lab.data.module import DepthDataModule
from depth_lab.data.nyu import NYUv2, NYUv2Data
from depth_lab.data.rooms import Rooms, RoomsData
from depth_lab.data.samplers import EpochSampler

__all__ = ["DepthDataModule", "EpochSampler", "NYUv2", "NYUv2Data", "RGBDDataset", "Rooms", "RoomsData"]
