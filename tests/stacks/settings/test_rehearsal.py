from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import StackSettingsError, Target, from_mapping, load


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_every_stack_can_be_rehearsed_on_this_machine(stack: str, stacks_folder: Path) -> None:
    rehearsal = load(stacks_folder / f"Pulumi.{stack}.yaml").with_target("local")

    assert rehearsal.target is Target.LOCAL
    assert rehearsal.environment == stack
    assert rehearsal.gateway.replicas == 2
    assert rehearsal.gateway.max_replicas is None
    assert not rehearsal.serving.ha_proxy
    applications = rehearsal.serving.applications
    assert {"chat", "embed", "sentiment"} <= applications.keys()
    assert {application.kind for application in applications.values()} == {"simulated", "embeddings", "classifier"}
    assert all(each.scaling.is_fixed and each.scaling.max_replicas == 2 for each in applications.values())


def test_a_rehearsal_keeps_names_models_and_aliases(stacks_folder: Path) -> None:
    settings = load(stacks_folder / "Pulumi.prod.yaml")
    rehearsal = settings.with_target(Target.LOCAL)

    assert rehearsal.aliases == settings.aliases
    assert rehearsal.models == settings.models
    names = {name: application.model for name, application in settings.serving.applications.items()}
    assert {name: application.model for name, application in rehearsal.serving.applications.items()} == names


def test_a_rehearsal_is_cut_down_as_far_as_the_settings_say(edited: Callable[..., Any]) -> None:
    settings = from_mapping(edited("dev", {"rehearsal": {"gateways": 3, "replicas": 1}}))
    rehearsal = settings.with_target("local")

    assert rehearsal.gateway.replicas == 2, "a rehearsal never has more gateways than the stack"
    assert {each.scaling.max_replicas for each in rehearsal.serving.applications.values()} == {1}


def test_a_rehearsal_of_the_local_stack_is_the_local_stack(stacks_folder: Path) -> None:
    settings = load(stacks_folder / "Pulumi.local.yaml")

    assert settings.with_target("local") == settings


def test_what_the_rehearsal_needs_is_checked_anew(edited: Callable[..., Any]) -> None:
    settings = from_mapping(edited("prod", {"rehearsal": {"gateways": 1}}))

    with pytest.raises(StackSettingsError) as caught:
        settings.with_target("local")

    assert caught.value.sentences == ("gateway.replicas is 1, but prod needs 2 or more: raise it.",)


def test_a_target_that_the_environment_cannot_have_is_refused(stacks_folder: Path) -> None:
    with pytest.raises(StackSettingsError, match=r"^target is aws, but local is built on local: set that"):
        load(stacks_folder / "Pulumi.local.yaml").with_target("aws")


def test_a_target_that_does_not_exist_is_refused(stacks_folder: Path) -> None:
    with pytest.raises(
        StackSettingsError, match=r'^target is "locla": it must be local, aws or kubernetes; did you mean'
    ):
        load(stacks_folder / "Pulumi.local.yaml").with_target("locla")
