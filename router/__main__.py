"""`python -m router`: the router alone."""

import runpy
import sys

sys.argv[1:1] = ["run", "router"]
runpy.run_module("services", run_name="__main__")
