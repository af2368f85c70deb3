import io
from collections.abc import Callable
from dataclasses import replace

from forebay.cli.console import Console, wants_live
from forebay.cli.render.live_view import LiveView
from forebay.life.step import Step
from forebay.tools.progress import Advance


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_resource_has_a_row_with_its_state(step: Callable[..., Step]) -> None:
    terminal = _Terminal()
    created, failed = step("create", "ray"), step("create", "[balancer]", phase="fail")

    with LiveView(Console(terminal, terminal, is_live=True)) as view:
        view.advance(Advance("building the engine", "a package", 0.5))
        for fact in (replace(created, phase="begin"), created, replace(failed, phase="begin"), failed):
            view.follow(fact)
        view.follow(step("create", "local", kind="forebay:local:LocalStack", phase="begin"))

    last = terminal.getvalue().rpartition("building the engine")[2]
    assert [word in last for word in ("done", "ray", "created", "[balancer]", "failed", "LocalStack")] == [True] * 5 + [
        False
    ]


def test_a_drawn_view_is_for_terminals_without_a_wish_for_plain_text() -> None:
    terminal = _Terminal()

    assert wants_live(terminal, {"TERM": "xterm"})
    assert not wants_live(io.StringIO(), {"TERM": "xterm"})
    assert [
        wants_live(terminal, {name: value}) for name, value in (("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb"))
    ] == [False] * 3
