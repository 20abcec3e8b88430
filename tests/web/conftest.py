"""The web application over a service that answers by a script."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.settings import Settings
from service.web.api_keys import Keys
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.http import LIMIT


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def client(service: FakeService, tmp_path: Path) -> FlaskClient:
    return create_app(service, Settings(data=tmp_path, max_characters=LIMIT)).test_client()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)
