import pytest

from services.gateway.config import ProviderName
from services.gateway.error_map import ErrorMapLayer
from services.gateway.errors import InternalError
from services.gateway.messages import Reply, Request
from services.gateway.service import Role, Step, compose
from tests.services.gateway.stand_ins import RecordedEvents, ScriptedProvider, build_world


async def _broken(request: Request) -> Reply:
    raise ValueError(f"secret words: {request.messages}")


async def test_a_defect_is_logged_by_its_place_and_shown_without_its_words() -> None:
    events = RecordedEvents()
    service = compose([Step(Role.ERROR_MAP, ErrorMapLayer(events))], _broken)

    with pytest.raises(InternalError) as caught:
        await service(build_world({}).request())

    (line,) = events.of("gateway.defect")
    assert line["error"] == "ValueError"
    assert "_broken" in str(line["frames"])
    assert "secret" not in str(line) + str(caught.value)


async def test_a_defect_of_one_provider_is_counted_against_it() -> None:
    world = build_world({ProviderName.OLLAMA_LOCAL: [ScriptedProvider("ollama_local", RuntimeError("bug"))]})

    with pytest.raises(InternalError):
        await world.ask()

    assert world.pipeline.endpoints[0].stats.last_error == "internal error"
