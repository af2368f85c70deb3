from services.gateway.config import ProviderName, RetrySettings
from services.gateway.errors import ConnectError, UpstreamStatusError
from services.gateway.retry_budget import RetryBudget
from tests.services.gateway.stand_ins import ScriptedProvider, build_world, hello

REMOTE = ProviderName.REMOTE_GPU
DOWN = ConnectError("down", provider="remote_gpu")


async def test_a_retry_goes_to_another_endpoint() -> None:
    first, second = ScriptedProvider("remote_gpu", DOWN), ScriptedProvider("remote_gpu", hello("remote_gpu"))
    world = build_world({REMOTE: [first, second]})

    reply = await world.ask()

    assert reply.provider == "remote_gpu"
    assert (len(first.calls), len(second.calls)) == (1, 1)


async def test_a_refusal_is_not_retried() -> None:
    provider = ScriptedProvider("remote_gpu", UpstreamStatusError("no", provider="p", upstream_status=404))
    world = build_world({REMOTE: [provider]})

    await world.ask()

    assert len(provider.calls) == 1


async def test_the_budget_bounds_retries_and_fallback_still_answers() -> None:
    provider = ScriptedProvider("remote_gpu", DOWN)
    world = build_world({REMOTE: [provider]})

    for _ in range(20):
        await world.ask()

    assert len(provider.calls) == 20 + 3


def test_the_budget_is_a_tenth_of_the_requests_of_any_ten_seconds() -> None:
    budget = RetryBudget(RetrySettings())
    for _ in range(100):
        budget.deposit(5.0)

    assert [budget.try_withdraw(5.0) for _ in range(11)] == [True] * 10 + [False]
    assert not budget.try_withdraw(14.9)
    assert [budget.try_withdraw(17.0) for _ in range(4)] == [True, True, True, False]
