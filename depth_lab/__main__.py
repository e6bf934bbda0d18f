"""`depth-lab` lists the commands; `depth-lab train …` is `python -m depth_lab.train …`."""

from __future__ import annotations

import runpy
import sys

COMMANDS = {
    "train": "train a network on a data set, and compare it with the mean depth map",
    "evaluate": "score a checkpoint on a data set",
    "predict": "depth in metres for photos: 16-bit PNG and a colour picture",
}


def main() -> None:
    """Run the command that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in COMMANDS:
        del sys.argv[1]
        # As __main__, so that the processes which DDP starts are started by `python -m` too.
        runpy.run_module(f"depth_lab.{name}", run_name="__main__", alter_sys=True)
        return
    listing = "\n".join(f"  {command:<10} {meaning}" for command, meaning in COMMANDS.items())
    text = f"usage: depth-lab COMMAND key=value …\n\n{listing}\n\n`depth-lab COMMAND --help` shows its groups and keys."
    if name in ("-h", "--help"):
        print(text)
    else:
        print(f"error: there is no command {name!r}.\n\n{text}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
