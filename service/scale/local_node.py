"""The one node of a cluster of this machine, without processes that it has no use for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray._private import node as rays
from ray._private.parameter import RayParams


class LocalNode(rays.Node):
    """A node without the autoscaler, the server of the dashboard and the reader of logs.

    `ray.init` has no flags that turn them off. They are more than three of the eight seconds of CPU
    that Ray takes to start, and half of what its own processes take later.
    """

    def __init__(self, ray_params: RayParams, **more: Any) -> None:
        ray_params.no_monitor = True
        ray_params.include_log_monitor = False  # type: ignore[assignment]
        try:
            super().__init__(ray_params, **more)
        except Exception:  # Ray raises bare ones, and leaves what it has started
            self.kill_all_processes(check_alive=False, allow_graceful=False)
            raise

    def start_api_server(self, **_: object) -> None:
        """Start none; where the dashboard is off, it only sends usage statistics."""


@contextmanager
def few_processes() -> Iterator[None]:
    """Within it `ray.init` starts a LocalNode."""
    own, rays.Node = rays.Node, LocalNode  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        rays.Node = own  # type: ignore[misc]
