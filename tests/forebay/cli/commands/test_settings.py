from pathlib import Path

import yaml

from stacks.settings import load
from stacks.settings.schema import rendered_schema
from tests.forebay.cli.conftest import Desk


def test_what_is_shown_is_a_stack_file_that_means_the_same(desk: Desk, tmp_path: Path) -> None:
    assert desk.run("settings", "show") == 0

    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(desk.said)
    assert load(file) == load(desk.project / "stacks" / "Pulumi.local.yaml")


def test_defaults_are_shown_and_a_rehearsal_as_it_is_cut_down(desk: Desk) -> None:
    desk.run("settings", "show", "prod", "--target", "local")

    settings = yaml.safe_load(desk.said)["config"]["forebay:settings"]
    assert settings["target"] == "local"
    assert {one["kind"] for one in settings["serving"]["applications"].values()}.isdisjoint({"llm"})


def test_json_has_the_settings(desk: Desk) -> None:
    desk.run("settings", "show", "dev", "--json")

    assert (desk.document["stack"], desk.document["target"]) == ("dev", desk.document["settings"]["target"])


def test_a_file_that_is_not_there_is_one_sentence(desk: Desk) -> None:
    assert desk.run("settings", "show", "nix") == 2

    assert "Pulumi.nix.yaml does not exist: the stacks there are dev, local, prod and staging" in desk.complained


def test_the_schema_is_the_committed_one(desk: Desk) -> None:
    assert desk.run("settings", "schema") == 0

    assert desk.said == rendered_schema()
