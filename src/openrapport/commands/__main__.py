"""`python -m openrapport.commands`: what the launcher at the repository's root runs."""

import sys

from openrapport.commands import main

sys.exit(main())
