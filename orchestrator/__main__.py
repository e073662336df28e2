"""`python -m orchestrator` is `deploy`."""

import sys

from orchestrator.cli import main

sys.exit(main())
