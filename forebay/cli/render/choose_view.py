from forebay.cli.around import Around
from forebay.cli.render.plain_view import PlainView
from forebay.cli.render.view import Unseen, View
from forebay.cli.request import Request


def choose_view(request: Request, around: Around, *, shows_steps: bool = True) -> View:
    """Nothing beside JSON, bars on a terminal, plain lines elsewhere; steps are not shown where none is taken."""
    if request.json:
        return Unseen()
    if around.console.is_live:
        from forebay.cli.render.live_view import LiveView  # noqa: PLC0415 - rich is for terminals only

        return LiveView(around.console, shows_steps=shows_steps)
    return PlainView(around.console, around.now, shows_steps=shows_steps)
