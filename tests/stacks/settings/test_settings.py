from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stacks.settings import StackSettings, StackSettingsError, from_mapping, load
from stacks.settings.ollama import OllamaMode
from stacks.settings.provider import Provider


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_a_dump_reads_back_as_the_same_settings(stack: str, stacks_folder: Path) -> None:
    settings = load(stacks_folder / f"Pulumi.{stack}.yaml")

    assert from_mapping(settings.model_dump(mode="json")) == settings


def test_a_dump_shows_quantities_as_people_write_them(stacks_folder: Path) -> None:
    dump = load(stacks_folder / "Pulumi.prod.yaml").model_dump(mode="json")

    assert dump["spot"]["notice"] == "120s"
    assert dump["pools"]["a10g"]["disk"] == "200GiB"
    assert dump["models"]["qwen2.5-14b-instruct"]["parameters"] == "14.77B"
    assert dump["objectives"]["error_rate"] == "0.5%"


def test_settings_cannot_be_changed(stacks_folder: Path) -> None:
    settings = load(stacks_folder / "Pulumi.local.yaml")

    with pytest.raises(ValidationError, match="frozen"):
        settings.gateway.replicas = 3  # type: ignore[misc] # the very thing that must fail


def test_the_rules_hold_however_settings_are_made(edited: Callable[..., Any]) -> None:
    wrong = from_mapping(edited("local")).model_dump_json().replace('"balancer":8080', '"balancer":18000')

    with pytest.raises(ValidationError, match="1 rule"):
        StackSettings.model_validate_json(wrong)


def test_an_unquoted_off_means_off(edited: Callable[..., Any]) -> None:
    settings = from_mapping(edited("local", {"ollama/mode": False}, ("aliases/chat/providers/ollama_local",)))

    assert settings.ollama.mode is OllamaMode.OFF


def test_an_unset_chain_is_every_configured_provider_with_ray_serve_first(edited: Callable[..., Any]) -> None:
    hosted = {name: {"api_key": f"env:{name.upper()}_API_KEY"} for name in ("huggingface", "openai", "anthropic")}

    free = from_mapping(edited("local", {"gateway/hosted": hosted}))
    paid = from_mapping(edited("local", {"gateway/hosted": hosted, "gateway/paid_allowed": True}))

    assert free.chain == (
        Provider.REMOTE_GPU,
        Provider.OLLAMA_LOCAL,
        Provider.HUGGINGFACE,
        Provider.LOCAL_STUB,
    )
    assert paid.chain == (
        Provider.REMOTE_GPU,
        Provider.OLLAMA_LOCAL,
        Provider.HUGGINGFACE,
        Provider.OPENAI,
        Provider.ANTHROPIC,
        Provider.LOCAL_STUB,
    )


def test_a_set_chain_is_kept_as_it_is(edited: Callable[..., Any]) -> None:
    settings = from_mapping(edited("local", {"gateway/chain": ["ollama_local", "remote_gpu"]}))

    assert settings.chain == (Provider.OLLAMA_LOCAL, Provider.REMOTE_GPU)


def test_a_provider_that_nobody_configured_is_not_in_the_chain(edited: Callable[..., Any]) -> None:
    settings = from_mapping(edited("local", {"ollama/mode": "off"}, ("aliases/chat/providers/ollama_local",)))

    assert Provider.OLLAMA_LOCAL not in settings.chain


def test_keys_that_yaml_takes_for_numbers_are_refused_by_name(edited: Callable[..., Any]) -> None:
    settings = edited("local")
    settings[8080] = {}

    with pytest.raises(StackSettingsError, match=r"^8080 is not a setting"):
        from_mapping(settings)
