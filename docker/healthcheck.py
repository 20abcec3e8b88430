"""Exit 0 when the service in this container is ready, else 1. Needs no curl in the image."""

import os
import sys
import urllib.error
import urllib.request

try:
    port = os.environ.get("DIGLOT_PORT", "8000")
    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=4)
except (urllib.error.URLError, OSError) as error:
    sys.exit(f"not ready: {error}")
