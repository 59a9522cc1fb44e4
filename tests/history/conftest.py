from contextlib import closing

import pytest

from sodaf_nb.database import Database


@pytest.fixture
def database(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'shop.db'}")) as database:
        yield database
