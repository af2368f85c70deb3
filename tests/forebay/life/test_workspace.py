from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from forebay.engine.find import Engine, Source
from forebay.life import workspace
from forebay.life.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose stack the engine knows already, so that opening it asks no engine."""
    place = Place(tmp_path, "dev")
    place.settings.parent.mkdir()
    place.settings.write_text("config: {'forebay:settings': {target: aws}, 'aws:region': eu-west-1}\n")
    state = place.state / ".pulumi" / "stacks" / workspace.PROJECT / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    yield place
    workspace.forget(place)


def _opened(place: Place, retargeted: dict[str, object] | None = None) -> dict[str, object]:
    engine = Engine(Path("/bin/true"), "3.250.0", Source.CACHE)
    workspace.open_stack(place, engine, lambda: None, retargeted)
    found: dict[str, object] = yaml.safe_load((place.engine / "Pulumi.dev.yaml").read_text())
    return found


def test_the_engine_works_on_a_copy_of_the_stack_file(place: Place) -> None:
    assert _opened(place) == {"config": {"forebay:settings": {"target": "aws"}, "aws:region": "eu-west-1"}}


def test_retargeted_settings_stand_in_the_copy_alone(place: Place) -> None:
    before = place.settings.read_text()

    copy = _opened(place, {"target": "local"})

    assert copy == {"config": {"forebay:settings": {"target": "local"}, "aws:region": "eu-west-1"}}
    assert place.settings.read_text() == before


def test_the_engines_own_salt_outlives_a_new_copy(place: Place) -> None:
    _opened(place)
    (place.engine / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")

    assert _opened(place)["encryptionsalt"] == "v1:abc"


@pytest.mark.parametrize("content", ["config: [", "", None], ids=["broken", "empty", "gone"])
def test_without_a_sound_stack_file_the_last_copy_stays(place: Place, content: str | None) -> None:
    _opened(place)
    place.settings.unlink()
    if content is not None:
        place.settings.write_text(content)

    assert _opened(place)["config"] == {"forebay:settings": {"target": "aws"}, "aws:region": "eu-west-1"}
