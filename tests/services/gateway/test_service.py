import pytest

from services.gateway.messages import Reply, Request
from services.gateway.service import Layer, Role, Service, Step, compose
from tests.services.gateway.stand_ins import build_world, hello


def _noting(name: str, seen: list[str]) -> Layer:
    def layer(service: Service) -> Service:
        async def run(request: Request) -> Reply:
            seen.append(name)
            return await service(request)

        return run

    return layer


async def _answer(request: Request) -> Reply:
    return hello()


async def test_the_first_step_meets_the_request_first() -> None:
    seen: list[str] = []
    steps = [Step(Role.LOG, _noting("log", seen)), Step(Role.RETRY, _noting("retry", seen))]

    await compose(steps, _answer)(build_world({}).request())

    assert seen == ["log", "retry"]


@pytest.mark.parametrize("roles", [(Role.RETRY, Role.LOG), (Role.LOG, Role.LOG)])
def test_steps_out_of_order_or_twice_are_refused(roles: tuple[Role, ...]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        compose([Step(role, _noting("", [])) for role in roles], _answer)
