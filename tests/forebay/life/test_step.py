from typing import Any

from pulumi.automation import EngineEvent

from forebay.life.step import Complaint, Step, read_event, read_outputs

_URN = "urn:pulumi:local::forebay::forebay:local:LocalStack$forebay:local:Process::balancer"


def _event(**parts: Any) -> EngineEvent:  # noqa: ANN401 - the engine's own JSON
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, **parts})


def _metadata(operation: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {
        "op": operation,
        "urn": _URN,
        "type": "forebay:local:Process",
        "provider": "",
        "old": None,
        "new": None,
        "keys": None,
        "logical": True,
        "diffs": None,
        "detailedDiff": None,
        **changes,
    }


def test_a_step_is_named_by_the_resource_and_tells_what_differs() -> None:
    event = _event(resourcePreEvent={"metadata": _metadata("update", diffs=["running", "files"])})

    assert list(read_event(event)) == [
        Step("begin", "update", "forebay:local:Process", "balancer", ("files", "running"))
    ]


def test_looking_and_leaving_alone_change_nothing() -> None:
    quiet = [Step("end", word, "t", "n").changes_something for word in ("same", "read", "refresh")]
    loud = [Step("end", word, "t", "n").changes_something for word in ("create", "update", "delete", "replace")]

    assert (any(quiet), all(loud)) == (False, True)


def test_a_complaint_is_what_was_said_without_the_hosts_words_and_tracebacks() -> None:
    said = (
        "an unhandled error occurred: python inline source runtime error: port 1 is taken.\n"
        "Traceback (most recent call last):\n  File ..."
    )
    event = _event(diagnosticEvent={"urn": _URN, "message": said, "color": "never", "severity": "error"})

    assert list(read_event(event)) == [Complaint("error", "balancer", "port 1 is taken.")]


def test_the_class_of_a_providers_error_is_not_shown_to_people() -> None:
    said = "Unexpected <class 'infra.local.provider.kinds.kind.ResourceError'>: ray is FATAL and not ready"
    event = _event(diagnosticEvent={"urn": _URN, "message": said, "color": "never", "severity": "error"})

    [complaint] = read_event(event)

    assert isinstance(complaint, Complaint)
    assert complaint.message == "ray is FATAL and not ready"


def test_outputs_are_those_of_the_stack_itself() -> None:
    state = {
        "type": "pulumi:pulumi:Stack",
        "urn": _URN,
        "id": "",
        "parent": "",
        "inputs": {},
        "provider": "",
        "outputs": {"url": "http://127.0.0.1:8080"},
    }
    stack = _event(resOutputsEvent={"metadata": _metadata("same", type="pulumi:pulumi:Stack", new=state)})
    other = _event(resOutputsEvent={"metadata": _metadata("same", new={**state, "type": "forebay:local:Process"})})

    assert (read_outputs(stack), read_outputs(other)) == ({"url": "http://127.0.0.1:8080"}, {})
