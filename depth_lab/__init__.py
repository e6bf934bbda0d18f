"""depth_lab: supervised monocular metric depth. Conventions: `depth_lab.batch`. Commands: `depth-lab`."""

__version__ = "0.1.0"
