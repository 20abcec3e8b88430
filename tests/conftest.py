"""How hard the property tests look: `pytest --hypothesis-profile=thorough` looks for minutes."""

import atexit
import os
import signal
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# A shell lets what it starts in the background ignore this, and all that is started by that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Keys and kept results of whoever runs the tests change nothing here, and are not changed; what is
# cached is right for everybody.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
_home = tempfile.TemporaryDirectory(prefix="diglot-home-")
atexit.register(_home.cleanup)
os.environ["HOME"] = _home.name

settings.register_profile(
    "quick", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")
