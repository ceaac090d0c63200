"""Doors for the services' tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kiosk.services.post import Post


@pytest.fixture
def make_post(tmp_path: Path) -> Iterator[Callable[..., Post]]:
    """Switches doors on over one folder, and off at the end."""
    made: list[Post] = []

    def make(**options: Any) -> Post:
        made.append(Post(tmp_path, **options))
        return made[-1]

    yield make
    for post in made:
        post.close()


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    """A door that measures, with nine people it knows."""
    return make_post()
