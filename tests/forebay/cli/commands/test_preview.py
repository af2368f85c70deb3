from collections.abc import Callable

import pytest

from forebay.life.step import Step
from tests.forebay.cli.conftest import Desk

MakeStep = Callable[..., Step]


def test_preview_lists_exactly_the_changes(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(
        step("update", "gateway-blue-1", "running"),
        step("update", "balancer", "command", "files"),
        step("create", "gateway-blue-2"),
        step("same", "ray"),
    )

    assert desk.run("preview") == 0

    assert desk.said.splitlines() == [
        "  building the engine: a package",
        "  ~  gateway-blue-1  running: stopped -> started",
        "  ~  balancer        command, files",
        "  +  gateway-blue-2",
        "`forebay up local` would do this: 3.",
    ]
    assert desk.engine_run.asked == ["preview"]


def test_a_replacement_is_one_change(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(
        step("create-replacement", "ray", "name"), step("replace", "ray", "name"), step("delete-replaced", "ray")
    )

    desk.run("preview", "--json")

    assert [change["operation"] for change in desk.document["changes"]] == ["replace"]


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--exit-code"], 10), (["--exit-code", "--json"], 10)])
def test_changes_are_an_exit_code_only_where_asked(desk: Desk, step: MakeStep, options: list[str], code: int) -> None:
    desk.engine_run.does(step("create", "ray"))

    assert desk.run("preview", *options) == code


def test_no_changes_are_exit_code_0_even_where_asked(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("same", "ray"))

    assert desk.run("preview", "--exit-code") == 0

    assert "Nothing changed: 1 resource is as it should be." in desk.said


def test_a_stack_for_the_cloud_is_previewed_only_as_a_rehearsal(desk: Desk, step: MakeStep) -> None:
    assert desk.run("preview", "dev") == 2
    assert "`forebay preview dev --target local`" in desk.complained
    desk.engine_run.does(step("create", "ray"))
    assert desk.run("preview", "dev", "--target", "local") == 0
    assert "`forebay up dev --target local` would do this: 1." in desk.said
