import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from forebay.errors import PortTakenError, UpdateFailedError
from forebay.life.place import Place
from forebay.life.run import Outcome
from forebay.life.step import Complaint, Step
from infra.local.supervision.client import SupervisorError
from stacks.settings import StackSettings
from tests.forebay.cli.conftest import OUTPUTS, PROCESS, Desk

MakeStep = Callable[..., Step]


def test_up_says_what_it_will_build_then_what_it_did_then_how_to_use_it(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("create", "valkey-cache"), step("create", "gateway-blue-0"))

    assert desk.run("up") == 0

    lines = desk.said.splitlines()
    plan, done = desk.said.index("price"), desk.said.index("created   valkey-cache")
    assert plan < done < desk.said.index("2 created in") < desk.said.index("URL  http://127.0.0.1:8080")
    assert "  processes     2 gateways, 1 balancer, 2 stores, 1 Ray head, an Ollama, if there is one" in lines
    assert "  price         nothing: this machine" in lines
    assert desk.complained == ""


def test_the_last_line_is_a_curl_that_reads_the_key_from_its_file(desk: Desk, step: MakeStep) -> None:
    key = desk.project / ".forebay" / "local" / "secrets" / "first-key"
    desk.engine_run.outcome = Outcome((), 0, 1.0, {**OUTPUTS, "keyFile": str(key)})

    desk.run("up")

    words = shlex.split(desk.said.splitlines()[-1])
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:8080/v1/chat/completions"]
    assert "Authorization: Bearer $(cat .forebay/local/secrets/first-key)" in words
    assert '"model": "chat"' in words[-1]


def test_a_second_up_says_that_nothing_changed(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("same", "ray"), step("same", "balancer"))

    assert desk.run("up") == 0

    assert "Nothing changed: 2 resources are as they should be." in desk.said


def test_grouping_components_and_the_provider_are_not_shown(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(
        step("create", "forebay-local", kind="pulumi:pulumi:Stack"),
        step("create", "local-provider", kind="pulumi:providers:forebay"),
        step("create", "gateway-blue-0", kind="forebay:local:Gateway"),
        step("create", "gateway-blue-0"),
    )

    desk.run("up")

    assert desk.said.count("created ") == 2
    assert "1 created in" in desk.said
    assert "provider" not in desk.said


def test_up_says_that_it_went_on_after_an_interrupted_run(desk: Desk, step: MakeStep) -> None:
    urn = "urn:pulumi:local::forebay::forebay:local:RayHead$forebay:local:Process::ray"
    desk.engine_run.does(step("create", "ray"), recovered=(urn,))

    desk.run("up")

    assert "An earlier run had been interrupted; taken up where it stopped: ray." in desk.said


def test_json_has_changes_times_engine_and_outputs_and_nothing_else_is_on_stdout(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("update", "balancer", "files"), step("same", "ray"))

    assert desk.run("up", "--json") == 0

    found = desk.document
    assert (found["command"], found["stack"], found["target"], found["ok"]) == ("up", "local", "local", True)
    assert found["changes"] == [{"operation": "update", "kind": PROCESS, "name": "balancer", "changed": ["files"]}]
    assert found["unchanged"] == 1
    assert found["outputs"] == OUTPUTS
    assert found["engine"] == {"version": "3.250.0", "source": "in the user's cache", "path": "/bin/pulumi"}
    assert list(found["times"]["phases"]) == ["settings", "ports", "secrets", "engine", "run", "answer"]
    assert found["times"]["resources"]["balancer"] > 0
    assert found["seconds"] > 0
    assert desk.complained == ""


def test_wrong_settings_are_told_before_anything_is_looked_for(desk: Desk) -> None:
    file = desk.project / "stacks" / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace("replicas: 2\n", "replicas: none\n"))

    assert desk.run("up") == 2

    assert "gateway.replicas" in desk.complained
    assert desk.searches == []
    assert not (desk.project / ".forebay").exists()


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_target_that_cannot_be_built_names_the_one_that_can(desk: Desk, stack: str) -> None:
    assert desk.run("up", stack) == 2

    assert f"`forebay up {stack} --target local`" in desk.complained
    assert desk.complained.count("\n") == 1
    assert desk.searches == []


def test_target_local_rehearses_another_stack_from_retargeted_settings(desk: Desk) -> None:
    assert desk.run("up", "prod", "--target", "local") == 0

    [order] = desk.engine_run.orders
    assert order.place == Place(desk.project, "prod")
    assert order.retargeted is not None
    assert (order.retargeted["environment"], order.retargeted["target"]) == ("prod", "local")
    assert "as a rehearsal" in desk.said


def test_a_stack_on_its_own_target_is_built_from_its_file(desk: Desk) -> None:
    desk.run("up", "local", "--target", "local")

    assert [order.retargeted for order in desk.engine_run.orders] == [None]


def test_taken_ports_end_it_before_anything_is_shown_or_made(desk: Desk) -> None:
    def taken(_place: Place, settings: StackSettings) -> None:
        raise PortTakenError(f"port {settings.ports.balancer} is taken by nginx (pid 7)")

    assert desk.given(require_free_ports=taken).run("up") == 6

    assert desk.complained == "port 8080 is taken by nginx (pid 7)\n"
    assert (desk.said, desk.searches) == ("", [])


def test_a_port_taken_meanwhile_is_told_as_one(desk: Desk) -> None:
    said = "ray: ray needs port 18101, which nginx (pid 7) has; end that process or set other `ports`"
    desk.engine_run.error = UpdateFailedError(f"{said}\nupdate failed")

    assert desk.run("up") == 6

    assert desk.complained == f"{said}\n"


def test_a_failed_resource_is_told_and_the_exit_code_is_4(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("create", "valkey-cache"), step("create", "ray", phase="begin"))
    desk.engine_run.facts = [*desk.engine_run.facts, step("create", "ray", phase="fail")]
    desk.engine_run.error = UpdateFailedError("ray: ray is FATAL and not ready")

    assert desk.run("up") == 4

    assert "  failed    ray" in desk.said
    assert desk.complained == "ray: ray is FATAL and not ready\n"


def test_a_supervisor_that_does_not_start_is_no_bug_of_ours(desk: Desk) -> None:
    desk.engine_run.error = SupervisorError("supervisord does not end")

    assert desk.run("up") == 4

    assert desk.complained == "supervisord does not end\n"


def test_a_stack_that_stands_but_does_not_answer_is_exit_code_7_and_still_told(desk: Desk, step: MakeStep) -> None:
    desk.engine_run.does(step("create", "ray"))

    assert desk.given(answers=lambda _url: False).run("up", "--json") == 7

    assert desk.document["error"]["code"] == "not_healthy"
    assert [change["name"] for change in desk.document["changes"]] == ["ray"]
    assert "http://127.0.0.1:8080/readyz does not answer" in desk.complained


def test_warnings_of_resources_are_told(desk: Desk) -> None:
    desk.engine_run.facts = [Complaint("warning", "ray", "is slow"), Complaint("warning", "ray", "is slow")]

    desk.run("up")

    assert desk.said.count("warning: ray: is slow") == 1


def test_the_search_for_the_engine_is_followed_in_lines(desk: Desk) -> None:
    desk.run("up")

    assert "  building the engine: a package\n" in desk.said


def test_a_hosted_providers_key_that_is_not_set_is_named_before_the_engine_is_looked_for(desk: Desk) -> None:
    file = desk.project / "stacks" / "Pulumi.local.yaml"
    hosted = "gateway:\n      hosted: {huggingface: {api_key: 'env:HF_KEY'}}\n"
    file.write_text(file.read_text().replace("gateway:\n", hosted))

    assert desk.run("up") == 2

    assert "HF_KEY is not set" in desk.complained
    assert desk.searches == []


def test_the_project_folder_may_be_an_option(desk: Desk, tmp_path: Path) -> None:
    assert desk.given(environment={}).run("up", "--project", str(desk.project)) == 0

    assert desk.engine_run.orders[0].place.project == desk.project
