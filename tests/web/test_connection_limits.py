"""The number of connections that a process takes."""

import pytest

from service.web.connection_limits import MOST_CONNECTIONS, RESERVED, connections_for


@pytest.mark.parametrize("descriptors", [64, 256, 1024, 1_048_576])
def test_connections_leave_descriptors_for_bodies_and_the_store(descriptors: int) -> None:
    most = connections_for(descriptors)
    assert 8 <= most <= MOST_CONNECTIONS
    assert most * 3 // 2 + RESERVED <= max(descriptors, RESERVED + 12)
