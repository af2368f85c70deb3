from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness
from infra.local.resources import Process
from infra.naming import component_token

NAME = "ollama"
_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class OllamaArgs:
    """An Ollama that the stack starts.

    Attributes:
        binary: The program found on PATH.
        models: Where its models lie: the user's own folder, so that nothing is pulled twice and `down` removes none.
        settings: Ollama's own variables (`OLLAMA_NUM_PARALLEL` …).
    """

    folder: StackFolder
    binary: str
    port: int
    models: str
    settings: Mapping[str, str]


class Ollama(pulumi.ComponentResource):
    """An Ollama server on loopback."""

    def __init__(self, name: str, args: OllamaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "Ollama"), name, None, opts)
        self.process = Process(NAME, ollama_process(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def ollama_process(args: OllamaArgs) -> ProcessInputs:
    """The server's process; Ollama has no authentication, so it listens on loopback and nowhere else."""
    home = args.folder.data / NAME
    return ProcessInputs(
        name=NAME,
        command=(args.binary, "serve"),
        environment={
            **args.settings,
            "OLLAMA_HOST": f"127.0.0.1:{args.port}",
            "OLLAMA_MODELS": args.models,
            # It writes a key of its own into its home, which must go with the stack.
            "HOME": str(home),
            "OLLAMA_NO_CLOUD": "1",
        },
        owned=(str(home),),
        readiness=Readiness(http=f"http://127.0.0.1:{args.port}/api/version", timeout_seconds=60),
        ports=(args.port,),
        stop_seconds=_STOP_SECONDS,
    )
