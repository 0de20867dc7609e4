"""What is read of customers before they come counts only for those very customers."""

from zoneinfo import ZoneInfo

import pytest

from exporter.providers.base import Customer
from exporter.store import Foreseen
from tests.unit.store.kept_scene import SCOPE, KeptScene
from tests.unit.store.scene import REQUESTS

TOTAL = "sendgrid_requests_total"


@pytest.fixture
def scene(tmp_path):
    scene = KeptScene(tmp_path)
    scene.succeed(scene.customer("a"), REQUESTS.sample(10))
    scene.succeed(scene.customer("b"), REQUESTS.sample(20))
    scene.restart()
    yield scene
    scene.state.close()


def customer(scene: KeptScene, name: str, id_: str) -> Customer:
    return Customer(id_, name, ZoneInfo("UTC"), scene.clock)


def test_who_comes_as_foreseen_shows_what_was_kept_and_others_too(scene):
    coming = [customer(scene, name, name) for name in "ab"]
    foreseen = Foreseen(scene.state, [SCOPE], coming[:1])
    records = scene.store.enrol("acme", "ab", coming)

    assert foreseen.of(SCOPE, records)[1] == [records[1]]
    scene.store.open(records, "totals", 900, SCOPE, foreseen)

    assert scene.series(TOTAL) == {"a": 10.0, "b": 20.0}


def test_another_one_of_the_same_name_has_nothing_of_it(scene):
    foreseen = Foreseen(scene.state, [SCOPE], [customer(scene, "a", "a")])
    records = scene.store.enrol("acme", "a", [customer(scene, "a", "another")])

    scene.store.open(records, "totals", 900, SCOPE, foreseen)

    assert scene.series(TOTAL) == {}
