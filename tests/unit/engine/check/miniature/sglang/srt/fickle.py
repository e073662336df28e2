"""Can be imported by a case that sets a variable, and by nobody else."""

import os

SET = os.environ["MINIATURE_FICKLE"]
