import pytest

from services.gateway.errors import InvalidRequestError, ModelNotFoundError
from services.gateway.messages import Message
from tests.services.gateway.stand_ins import build_world


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": ()}, "messages"),
        ({"messages": (Message("user", "x"),) * 3}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 11}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"model": "embeddings"}, "model"),
    ],
)
async def test_what_cannot_be_served_is_refused_by_name(fields: dict[str, object], param: str) -> None:
    world = build_world({}, limits={"messages": 2, "max_tokens": 10})

    with pytest.raises(InvalidRequestError) as caught:
        await world.ask(**fields)

    assert caught.value.param == param


async def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(ModelNotFoundError):
        await build_world({}).ask(model="gpt-9")
