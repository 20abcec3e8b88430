"""A self-signed certificate, for this machine or for a name."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """A file in `folder` with a certificate for `name` and its key."""
    path, key = folder / "server.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=" + name.partition(":")[2], "-addext", f"subjectAltName={name}"]
    command += ["-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path
