"""Commands put before another so that it ends with the process that started it, even after kill -9."""

import shutil

_setpriv = shutil.which("setpriv")

LEASH = [_setpriv, "--pdeathsig", "KILL", "--"] if _setpriv else []
