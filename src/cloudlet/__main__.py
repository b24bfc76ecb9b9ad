"""`cloudlet` and `python -m cloudlet`."""

from cloudlet.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
