"""`python -m escalation`: escalation alone."""

import runpy
import sys

sys.argv[1:1] = ["run", "escalation"]
runpy.run_module("services", run_name="__main__")
