"""A stack of light processes for the real engine: two servers behind HAProxy, two Valkeys.

Run as a program, so that a test can kill it: `small_stack.py up|preview|down PROJECT ENGINE SHAPE`, SHAPE as JSON. Each
fact of the run is a line on standard output.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pulumi

from forebay.engine.find import Engine, Source
from forebay.life.place import Place
from forebay.life.run import Outcome, Run
from forebay.life.step import Complaint, Step
from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness, SecretInputs, SupervisorInputs, TaskInputs, digest
from infra.local.parts import balancer, valkey
from infra.local.resources import LocalProviderResource, Process, Secret, Supervisor, Task

_SERVER = """
import http.server, pathlib, sys
PAGE = pathlib.Path(sys.argv[2]).read_bytes()
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer()
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer()
    def answer(self):
        body = PAGE
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


@dataclass(frozen=True)
class Shape:
    """What a test changes between two runs."""

    ports: tuple[int, ...]
    servers: int = 2
    page: str = "one"
    setting: str = "some"
    drain: int = 10
    broken: bool = False
    stuck: bool = False

    def changed(self, **changes: object) -> "Shape":
        return replace(self, **changes)  # type: ignore[arg-type]  # a test names fields of its own


def program(folder: StackFolder, shape: Shape) -> Callable[[], None]:
    """Declare the stack."""

    def declare() -> None:
        provider = LocalProviderResource("provider", folder.root)
        whole = pulumi.ComponentResource(
            "tests:engine:SmallStack", "small", None, pulumi.ResourceOptions(providers=[provider])
        )

        def after(*earlier: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=whole, depends_on=list(earlier))

        supervisor = Supervisor("supervisor", SupervisorInputs(), after())
        auth = {valkey.AUTH_FILE: "requirepass {secret}\n"}
        password = Secret(valkey.PASSWORD, SecretInputs(name=valkey.PASSWORD, forms=auth), after(supervisor))
        for name, port, policy in (
            ("valkey-cache", shape.ports[0], valkey.CACHE_POLICY),
            ("valkey-state", shape.ports[1], valkey.STATE_POLICY),
        ):
            valkey.Valkey(name, valkey.ValkeyArgs(folder, port, policy, "16mb"), after(password))
        earlier: list[pulumi.Resource] = [supervisor]
        servers = [(f"server-{index}", shape.ports[3 + index]) for index in range(shape.servers)]
        for name, port in servers:
            earlier = [Process(name, _server(folder, name, port, shape), after(*earlier))]
        backend = balancer.Backend("blue", 100, tuple(servers))
        args = balancer.BalancerArgs(folder, shape.ports[2], backend, shape.drain)
        balancer.Balancer("balancer", args, after(*earlier))
        note = TaskInputs(
            name="note",
            apply=("/bin/sh", "-c", f"cat > '{folder.data}/note'"),
            check=("test", "-s", str(folder.data / "note")),
            remove=("/bin/sh", "-c", "exit 1") if shape.stuck else ("rm", "-f", str(folder.data / "note")),
            content=shape.page,
            triggers=(digest(_server(folder, *servers[0], shape)),),
        )
        Task("note", note, after(*earlier))
        pulumi.export("url", f"http://127.0.0.1:{shape.ports[2]}")

    return declare


def _server(folder: StackFolder, name: str, port: int, shape: Shape) -> ProcessInputs:
    script, page = f"config/{name}.py", f"config/{name}.page"
    return ProcessInputs(
        name=name,
        command=(
            sys.executable,
            "/nowhere.py" if shape.broken else str(folder.root / script),
            str(port),
            str(folder.root / page),
        ),
        environment={"SETTING": shape.setting},
        files={script: _SERVER, page: shape.page},
        readiness=Readiness(http=f"http://127.0.0.1:{port}/readyz", timeout_seconds=20),
        ports=(port,),
        drain=balancer.drain(folder, "blue", name, 10),
    )


def run(project: Path, engine: Path, shape: Shape, follow: Callable[[Step | Complaint], None]) -> Run:
    """The stack `local` of a project folder that holds no more than an empty stack file."""
    place = Place(project, "local")
    place.settings.parent.mkdir(parents=True, exist_ok=True)
    place.settings.write_text("config: {}\n")
    return Run(place, Engine(engine, "3.250.0", Source.CACHE), program(place.folder, shape), follow)


def main() -> None:
    command, project, engine, shape = sys.argv[1:]
    wanted = Shape(**json.loads(shape))

    def follow(fact: Step | Complaint) -> None:
        _say(fact)

    outcome: Outcome = getattr(run(Path(project), Path(engine), wanted, follow), command)()
    _say(outcome)


def _say(fact: Step | Complaint | Outcome) -> None:
    sys.stdout.write(json.dumps(asdict(fact)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
