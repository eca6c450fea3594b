"""What tests of pages over the whole application share: its organisation, and a way to ask for pages."""

import pytest
from starlette.applications import Starlette

from server.pages.context import Features
from tests.conftest import SetClock
from tests.organisation import Organisation
from tests.pages.visiting import Place, founded


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    return await founded(features, clock)


@pytest.fixture
def there(features: Features, app: Starlette, here: Organisation) -> Place:
    return Place(here, features, app)
