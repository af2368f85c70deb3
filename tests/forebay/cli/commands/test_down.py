from collections.abc import Callable

from forebay.life.step import Step
from tests.forebay.cli.conftest import Desk

MakeStep = Callable[..., Step]


def test_down_tells_what_was_taken_away(desk: Desk, step: MakeStep) -> None:
    (desk.project / ".forebay" / "local").mkdir(parents=True)
    desk.engine_run.does(step("delete", "balancer"), step("delete", "ray"))

    assert desk.run("down") == 0

    assert "  deleted   balancer" in desk.said
    assert "The stack local is gone: 2 deleted in" in desk.said
    assert desk.engine_run.asked == ["down"]


def test_down_of_nothing_says_so(desk: Desk) -> None:
    assert desk.run("down") == 0

    assert "There is nothing of the stack local on this machine." in desk.said


def test_down_works_without_a_sound_stack_file(desk: Desk, step: MakeStep) -> None:
    (desk.project / ".forebay" / "local").mkdir(parents=True)
    (desk.project / "stacks" / "Pulumi.local.yaml").unlink()
    desk.engine_run.does(step("delete", "ray"))

    assert desk.run("down", "--json") == 0

    assert [change["name"] for change in desk.document["changes"]] == ["ray"]


def test_a_stack_that_never_was_is_refused_with_those_there_are(desk: Desk) -> None:
    assert desk.run("down", "prdo") == 2

    assert "the stacks there are dev, local, prod, staging" in desk.complained
    assert desk.engine_run.asked == []
