"""`python -m sodaf_nb` is `sodaf-nb`."""

import sys

from sodaf_nb.cli import main

sys.exit(main())
