"""`python -m intake`: intake alone."""

import runpy
import sys

sys.argv[1:1] = ["run", "intake"]
runpy.run_module("services", run_name="__main__")
