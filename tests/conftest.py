"""The effort of the property tests: `pytest --hypothesis-profile=thorough` looks for minutes."""

import atexit
import os
import signal
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# A shell lets what it starts in the background ignore this, and all that is started by that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The user's own keys and kept results neither matter here nor change. Caches may be shared.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
_home = tempfile.TemporaryDirectory(prefix="diglot-home-")
atexit.register(_home.cleanup)
os.environ["HOME"] = _home.name

settings.register_profile(
    "quick", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")
