import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from forebay.life.observe.eyes import Eyes
from forebay.life.observe.processes import SeenProcess
from forebay.life.place import Place
from forebay.life.status import Health, read_status
from infra.local.folder import StackFolder

_MIB = 2**20

_APPLICATIONS = {
    "applications": {
        "chat": {
            "status": "RUNNING",
            "message": "",
            "deployments": {"SimulatedModel": {"replicas": [{"state": "RUNNING"}, {"state": "STARTING"}]}},
        }
    }
}


def _resource(kind: str, **inputs: Any) -> dict[str, Any]:  # noqa: ANN401 - the engine's own JSON
    return {"type": f"forebay:local:{kind}", "urn": f"urn::{inputs['name']}", "inputs": inputs}


def _record(state: str, pid: int) -> dict[str, Any]:
    return {"statename": state, "pid": pid, "now": 161, "start": 100}


@dataclass
class Machine:
    """What there is to be seen, changed by each test."""

    supervised: Mapping[str, Mapping[str, Any]] | None
    rows: Sequence[Mapping[str, str]]
    answers: dict[str, Mapping[str, Any]]
    processes: Mapping[str, Sequence[SeenProcess]]
    tokens: list[str | None] = field(default_factory=list)

    @property
    def eyes(self) -> Eyes:
        return Eyes(
            supervised=lambda _folder: self.supervised,
            statistics=lambda _socket: self.rows,
            fetch=self._fetch,
            belonging=self._belonging,
            see=self._see,
            versions=lambda: {"forebay": "0.1.0"},
        )

    def _fetch(self, url: str, token: str | None) -> Mapping[str, Any] | None:
        self.tokens.append(token)
        return self.answers.get(url)

    def _belonging(self, _folder: StackFolder, process: str | None) -> frozenset[int]:
        names = self.processes if process is None else [process]
        return frozenset(one.pid for name in names for one in self.processes.get(name, ()))

    def _see(self, pids: Iterable[int]) -> Iterator[SeenProcess]:
        wanted = set(pids)
        return (one for group in self.processes.values() for one in group if one.pid in wanted)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A stack as its last `up` left it."""
    place = Place(tmp_path, "local")
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn::local", "outputs": {"url": "http://u", "keyFile": "/k"}}
    resources = [
        {**stack, "outputs": {**stack["outputs"], "target": "local"}},  # type: ignore[dict-item]  # a dictionary of texts
        _resource("Process", name="balancer", ports=[8080], readiness={"port": 8080}),
        _resource("Process", name="gateway-blue-0", ports=[18010, 18030], readiness={"http": "http://g0/readyz"}),
        _resource("Process", name="ray", ports=[18100, 18101], readiness={"port": 18101.0}),
        {**_resource("Process", name="gateway-green-0", ports=[1], readiness={}), "delete": True},
        _resource("Task", name="serve-applications"),
    ]
    file = place.state / ".pulumi" / "stacks" / "forebay" / "local.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}))
    place.folder.secrets.mkdir(parents=True)
    (place.folder.secrets / "ray-token").write_text("token\n")
    place.folder.logs.mkdir()
    (place.folder.logs / "supervisord.log").write_text(
        "INFO exited: gateway-blue-0 (terminated by SIGKILL; not expected)\n"
        "INFO exited: gateway-blue-0 (exit status 1; not expected)\n"
        "INFO stopped: ray (exit status 0)\n"
    )
    return place


@pytest.fixture
def machine() -> Machine:
    """A machine on which the stack is well."""
    return Machine(
        supervised={
            "balancer": _record("RUNNING", 10),
            "gateway-blue-0": _record("RUNNING", 11),
            "ray": _record("RUNNING", 12),
        },
        rows=[
            {"pxname": "public", "svname": "FRONTEND", "status": "OPEN", "weight": "", "scur": "0"},
            {"pxname": "blue", "svname": "gateway-blue-0", "status": "UP", "weight": "100", "scur": "3"},
        ],
        answers={
            "http://g0/readyz": {"ready": True},
            "http://g0/health/gpu-providers": {"gpu_providers": {"providers": {"remote_gpu": {"status": "healthy"}}}},
            "http://127.0.0.1:18101/api/serve/applications/": _APPLICATIONS,
        },
        processes={
            "balancer": [SeenProcess(10, "haproxy", 12 * _MIB)],
            "gateway-blue-0": [SeenProcess(11, "python -m services.gateway", 48 * _MIB)],
            "ray": [
                SeenProcess(12, "ray start", 100 * _MIB),
                SeenProcess(13, "ray::ServeReplica:chat:SimulatedModel.handle_request", 80 * _MIB),
                SeenProcess(14, "ray::ProxyActor", 70 * _MIB),
                SeenProcess(15, "ray::ServeController.listen_for_change", 60 * _MIB),
                SeenProcess(16, "ray-dashboard-ServeHead-0 (python)", 50 * _MIB),
            ],
        },
    )


def test_nothing_that_runs_is_not_running(tmp_path: Path, machine: Machine) -> None:
    machine.supervised, machine.processes = None, {}

    status = read_status(Place(tmp_path, "local"), machine.eyes)

    assert (status.health, status.problems, status.processes) == (Health.NOT_RUNNING, (), ())


def test_a_stack_that_is_well_is_healthy_and_tells_where_it_is(place: Place, machine: Machine) -> None:
    status = read_status(place, machine.eyes)

    assert (status.health, status.problems) == (Health.HEALTHY, ())
    assert (status.url, status.key_file, status.target) == ("http://u", "/k", "local")
    assert status.memory == 420 * _MIB
    assert machine.tokens == [None, None, "token"]


def test_each_process_has_its_role_id_ports_uptime_and_restarts(place: Place, machine: Machine) -> None:
    found = {process.name: process for process in read_status(place, machine.eyes).processes}

    gateway = found["gateway-blue-0"]
    assert (gateway.role, gateway.pid, gateway.ports, gateway.state) == ("gateway", 11, (18010, 18030), "RUNNING")
    assert (gateway.uptime_seconds, gateway.restarts, gateway.memory) == (61, 2, 48 * _MIB)
    assert (found["ray"].role, found["ray"].restarts) == ("ray", 0)


def test_rays_parts_are_processes_of_their_own(place: Place, machine: Machine) -> None:
    found = {process.name: process for process in read_status(place, machine.eyes).processes}

    assert (found["chat:SimulatedModel"].role, found["chat:SimulatedModel"].pid) == ("replica", 13)
    assert (found["serve-proxy"].role, found["serve-proxy"].pid) == ("proxy", 14)
    assert (found["serve-controller"].role, found["serve-controller"].pid) == ("controller", 15)
    assert found["ray"].memory == 150 * _MIB


def test_gateways_and_applications_tell_of_themselves(place: Place, machine: Machine) -> None:
    status = read_status(place, machine.eyes)

    assert [(one.name, one.ready, one.providers) for one in status.gateways] == [
        ("gateway-blue-0", True, {"remote_gpu": "healthy"})
    ]
    assert [(one.name, one.state, one.weight, one.sessions) for one in status.balancer] == [
        ("gateway-blue-0", "UP", 100, 3)
    ]
    assert [(one.name, one.state, one.replicas) for one in status.applications] == [("chat", "RUNNING", 1)]


def _stopped(machine: Machine) -> None:
    machine.supervised = {**(machine.supervised or {}), "gateway-blue-0": _record("STOPPED", 0)}


def _removed(machine: Machine) -> None:
    machine.supervised = {name: one for name, one in (machine.supervised or {}).items() if name != "balancer"}


def _drained(machine: Machine) -> None:
    machine.rows = [{**machine.rows[1], "status": "DRAIN"}]


def _silent_balancer(machine: Machine) -> None:
    machine.rows = []


def _not_ready(machine: Machine) -> None:
    machine.answers["http://g0/readyz"] = {"ready": False, "reason": "draining"}


def _silent_gateway(machine: Machine) -> None:
    del machine.answers["http://g0/readyz"]


def _failed_application(machine: Machine) -> None:
    chat = {**_APPLICATIONS["applications"]["chat"], "status": "DEPLOY_FAILED", "message": "no room"}
    machine.answers["http://127.0.0.1:18101/api/serve/applications/"] = {"applications": {"chat": chat}}


def _silent_dashboard(machine: Machine) -> None:
    del machine.answers["http://127.0.0.1:18101/api/serve/applications/"]


def _no_supervisor(machine: Machine) -> None:
    machine.supervised = None


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (_stopped, "gateway-blue-0 is STOPPED"),
        (_removed, "balancer is ABSENT"),
        (_drained, "the balancer sees gateway-blue-0 as DRAIN"),
        (_silent_balancer, "the balancer does not say how it sees the gateways"),
        (_not_ready, "gateway-blue-0 is not ready: draining"),
        (_silent_gateway, "gateway-blue-0 is not ready: does not answer"),
        (_failed_application, "the application chat is DEPLOY_FAILED: no room"),
        (_silent_dashboard, "Ray's dashboard does not answer, so the state of the applications is not known"),
        (
            _no_supervisor,
            "7 processes are left without their supervisor; `forebay up` replaces them, `forebay down` ends them",
        ),
    ],
)
def test_what_is_wrong_is_a_sentence_and_the_stack_degraded(
    place: Place, machine: Machine, break_it: Callable[[Machine], None], problem: str
) -> None:
    break_it(machine)

    status = read_status(place, machine.eyes)

    assert status.health is Health.DEGRADED
    assert problem in status.problems


def test_a_process_that_the_state_does_not_know_yet_is_shown_all_the_same(place: Place, machine: Machine) -> None:
    machine.supervised = {**(machine.supervised or {}), "gateway-blue-1": _record("STARTING", 20)}

    status = read_status(place, machine.eyes)

    assert ("gateway-blue-1", "STARTING", 20) in {(one.name, one.state, one.pid) for one in status.processes}


def test_a_half_written_state_is_read_as_none(place: Place, machine: Machine) -> None:
    next(place.state.rglob("local.json")).write_text('{"version": 3, "checkp')

    status = read_status(place, machine.eyes)

    assert (status.url, {process.name for process in status.processes} >= {"balancer", "ray"}) == (None, True)


def test_a_stack_without_ray_has_no_trouble_with_it(place: Place, machine: Machine) -> None:
    file = next(place.state.rglob("local.json"))
    document = json.loads(file.read_text())
    latest = document["checkpoint"]["latest"]
    latest["resources"] = [one for one in latest["resources"] if "ray" not in one["urn"] and "serve" not in one["urn"]]
    file.write_text(json.dumps(document))
    machine.supervised = {name: one for name, one in (machine.supervised or {}).items() if name != "ray"}

    assert read_status(place, machine.eyes).health is Health.HEALTHY


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    status = read_status(Place(tmp_path, "local"), Eyes.of_this_machine())

    assert status == replace(status, health=Health.NOT_RUNNING, problems=())
    assert {"forebay", "pulumi", "ray", "haproxy", "valkey"} <= status.versions.keys()
