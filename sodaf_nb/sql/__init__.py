"""Plans as SQL."""

from sodaf_nb.sql.generator import SQLGenerator, syntax_errors
from sodaf_nb.sql.script import Script, Step

__all__ = ["SQLGenerator", "Script", "Step", "syntax_errors"]
