from pathlib import Path

import pytest

from stacks.settings import Environment, StackSettingsError, Target, load

STACKS = ("local", "dev", "staging", "prod")


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_file_is_sound(stack: str, stacks_folder: Path) -> None:
    settings = load(stacks_folder / f"Pulumi.{stack}.yaml")

    assert settings.environment == stack


def test_the_stacks_are_what_the_design_says(stacks_folder: Path) -> None:
    local, dev, staging, prod = (load(stacks_folder / f"Pulumi.{stack}.yaml") for stack in STACKS)

    assert (local.target, dev.target, staging.target, prod.target) == (Target.LOCAL, Target.AWS, Target.AWS, Target.AWS)
    assert not local.pools
    assert [(pool.gpu, pool.capacity, pool.min_nodes, pool.max_nodes) for pool in dev.pools.values()] == [
        ("T4", "spot", 0, 1)
    ]
    assert dev.idle.suspend_after is not None
    assert staging.pools.keys() == prod.pools.keys()
    assert all(staging.pools[name].max_nodes <= prod.pools[name].max_nodes for name in prod.pools)
    assert len(prod.regions.primary.zones) >= 2
    assert prod.pools["a10g"].min_nodes >= 1


def test_stacks_can_stand_side_by_side_on_one_machine(stacks_folder: Path) -> None:
    ports = [load(stacks_folder / f"Pulumi.{stack}.yaml").ports for stack in STACKS]

    assert [(each.balancer, each.block) for each in ports] == [
        (8080, 18000),
        (8081, 18200),
        (8082, 18400),
        (8083, 18600),
    ]
    taken = [port for each in ports for port in (each.balancer, *each.block_range)]
    assert len(taken) == len(set(taken))


def test_settings_for_another_environment_than_the_file_name_are_refused(stacks_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text((stacks_folder / "Pulumi.dev.yaml").read_text())

    with pytest.raises(StackSettingsError, match=r":7: environment is dev, but Pulumi\.prod\.yaml was read for prod: "):
        load(path)


def test_settings_for_another_environment_than_asked_are_refused(stacks_folder: Path) -> None:
    with pytest.raises(StackSettingsError, match="was read for staging"):
        load(stacks_folder / "Pulumi.prod.yaml", environment=Environment.STAGING)


def test_a_problem_is_told_with_its_file_and_line(stacks_folder: Path, tmp_path: Path) -> None:
    text = (stacks_folder / "Pulumi.dev.yaml").read_text()
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text.replace("weight_bits: 4\n        dtype", "weight_bits: 5\n        dtype"))
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "weight_bits: 5" in text)

    with pytest.raises(StackSettingsError) as caught:
        load(path)

    assert caught.value.sentences == (
        f"{path}:{line}: models.qwen2.5-7b-instruct.weight_bits is 5: it must be 4, 8 or 16.",
    )


def test_a_missing_key_is_told_with_the_line_of_its_section(tmp_path: Path, stacks_folder: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text((stacks_folder / "Pulumi.local.yaml").read_text().replace("      block: 18000\n", ""))
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if text == "    ports:")

    with pytest.raises(StackSettingsError) as caught:
        load(path)

    assert [(problem.key, problem.line) for problem in caught.value.problems] == [("ports.block", line)]


def test_a_problem_in_a_list_is_told_with_the_line_of_its_entry(tmp_path: Path, stacks_folder: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text((stacks_folder / "Pulumi.local.yaml").read_text())
    with path.open("a") as file:
        file.write("    regions:\n      primary:\n        name: eu-west-1\n        zones:\n          - eu-west-1a\n")
        file.write("          - eu-west-2a\n")
    last = len(path.read_text().splitlines())

    with pytest.raises(StackSettingsError) as caught:
        load(path)

    assert [(problem.key, problem.line) for problem in caught.value.problems] == [("regions.primary.zones[1]", last)]


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.mkdir()

    with pytest.raises(StackSettingsError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: \xff\xfe", "is not UTF-8 text"),
        (b"#" * (2**20 + 1), "is larger than 1 MiB"),
        (b"[" * 100_000, "is nested more than 20 deep"),
        (b"a: \x00", "is not sound YAML"),
    ],
)
def test_hostile_content_is_refused_by_a_sentence(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_bytes(content)

    with pytest.raises(StackSettingsError, match=expected):
        load(path)


def test_the_engines_own_keys_are_left_alone(tmp_path: Path, stacks_folder: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    engine = "secretsprovider: passphrase\nencryptionsalt: v1:abc:def\n"
    text = (stacks_folder / "Pulumi.local.yaml").read_text().replace("config:\n", "config:\n  aws:region: eu-west-1\n")
    path.write_text(engine + text)

    assert load(path) == load(stacks_folder / "Pulumi.local.yaml")
