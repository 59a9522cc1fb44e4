"""The command line `sodaf-nb`: the commands of the notebook, for a shell and for CI."""

from sodaf_nb.cli.entry import main

__all__ = ["main"]
