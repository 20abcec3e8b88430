"""An object store with S3's interface on this machine, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def object_store(bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new bucket; the options that stand behind an address of it."""
    pytest.importorskip("moto")
    import boto3
    from moto.server import ThreadedMotoServer

    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
        client.create_bucket(Bucket=bucket)
        client.close()
        yield f"region=us-east-1&scheme=http&endpoint_override={host}:{port}"
    finally:
        server.stop()
