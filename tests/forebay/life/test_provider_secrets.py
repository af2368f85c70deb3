import stat
from pathlib import Path

import pytest

from forebay.errors import UsageError
from forebay.life.provider_secrets import hand_over_provider_secrets
from infra.local.folder import StackFolder
from stacks.settings import StackSettings, from_mapping, load


def _settings(project: Path, reference: str) -> StackSettings:
    mapping = load(project / "stacks" / "Pulumi.local.yaml").model_dump(mode="json")
    mapping["gateway"]["hosted"]["huggingface"] = {"api_key": reference}
    return from_mapping(mapping)


def test_a_key_goes_from_the_environment_to_a_private_file(project: Path, tmp_path: Path) -> None:
    folder = StackFolder(tmp_path)

    hand_over_provider_secrets(_settings(project, "env:HF_KEY"), folder, {"HF_KEY": "canary-value\n"})

    file = folder.secrets / "huggingface_api_key"
    assert file.read_text() == "canary-value"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_variable_that_is_not_set_is_named(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gateway\.hosted\.huggingface\.api_key is env:HF_KEY, but HF_KEY is not set"):
        hand_over_provider_secrets(_settings(project, "env:HF_KEY"), StackFolder(tmp_path), {})


def test_a_key_kept_in_a_cloud_is_refused_on_this_machine(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is aws-secret:prod/hf, which a stack on this machine cannot read"):
        hand_over_provider_secrets(_settings(project, "aws-secret:prod/hf"), StackFolder(tmp_path), {})


def test_without_hosted_providers_nothing_is_written(project: Path, tmp_path: Path) -> None:
    hand_over_provider_secrets(load(project / "stacks" / "Pulumi.local.yaml"), StackFolder(tmp_path), {})

    assert list(tmp_path.iterdir()) == []
