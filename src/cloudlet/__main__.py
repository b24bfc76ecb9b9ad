"""`cloudlet` and `python -m cloudlet`."""

import gc

gc.disable()  # while modules load: hardly anything is garbage then, and looking takes an eighth of the time

from cloudlet.cli.main import main  # noqa: E402  after the line above

__all__ = ["main"]

if __name__ == "__main__":
    main()
