from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import StackSettingsError, from_mapping, load

HERE = Path(__file__).parent


def cases_of(name: str) -> list[Any]:
    cases = yaml.safe_load((HERE / name).read_text())
    return [pytest.param(case, id=case["case"]) for case in cases]


@pytest.mark.parametrize("case", cases_of("wrong_settings.yaml"))
def test_a_wrong_setting_is_refused_with_one_clear_sentence(
    case: Mapping[str, Any], edited: Callable[..., Any]
) -> None:
    settings = edited(case["stack"], case.get("edit"), tuple(case.get("remove", ())))

    with pytest.raises(StackSettingsError) as caught:
        from_mapping(settings)

    assert caught.value.sentences == (case["sentence"],)


@pytest.mark.parametrize("case", cases_of("wrong_files.yaml"))
def test_a_wrong_file_is_refused_with_one_clear_sentence(case: Mapping[str, Any], tmp_path: Path) -> None:
    (tmp_path / "Pulumi.local.yaml").write_text("config: {}\n")
    path = tmp_path / case["name"]
    if "content" in case:
        path.write_text(case["content"])

    with pytest.raises(StackSettingsError) as caught:
        load(path)

    assert [sentence.replace(str(tmp_path), "{folder}") for sentence in caught.value.sentences] == [case["sentence"]]


def test_several_problems_give_several_sentences(edited: Callable[..., Any]) -> None:
    settings = edited("local", {"gateway/replicas": 0, "gateway/drain": "2min", "logs/levle": "info"})

    with pytest.raises(StackSettingsError) as caught:
        from_mapping(settings)

    assert {problem.key for problem in caught.value.problems} == {"gateway.replicas", "gateway.drain", "logs.levle"}
    assert str(caught.value).count("\n") == 2


def test_several_broken_rules_give_several_sentences(edited: Callable[..., Any]) -> None:
    settings = edited("prod", {"gateway/replicas": 1, "backup/enabled": False}, ("pools/t4-spot/floor",))

    with pytest.raises(StackSettingsError) as caught:
        from_mapping(settings)

    assert [problem.key for problem in caught.value.problems] == [
        "pools.t4-spot.floor",
        "gateway.replicas",
        "backup.enabled",
    ]


@pytest.mark.parametrize(
    "edit",
    [
        {"gateway/hosted": {"openai": {"api_key": "hunter2hunter2"}}},
        {"gateway/hosted": {"openai": {"api_key": "sk-abcdefghijklmnop"}}},
        {"tags": {"note": "-----BEGIN PRIVATE KEY-----"}},
        {"ollama/url": "https://user:hunter2@example.org"},
        {"gateway/chian": "ghp_abcdefghijklmnop"},
    ],
)
def test_no_secret_is_repeated_in_a_sentence(edit: dict[str, object], edited: Callable[..., Any]) -> None:
    with pytest.raises(StackSettingsError) as caught:
        from_mapping(edited("local", edit))

    (sentence,) = caught.value.sentences
    assert "holds a secret" in sentence
    for secret in ("hunter2", "abcdefghijklmnop", "PRIVATE"):
        assert secret not in sentence
