from services.gateway.breaker.gate import Gate


def test_a_limited_gate_lets_in_one_at_a_time() -> None:
    gate = Gate()
    gate.limit(1)
    inside = gate.enter()

    assert not gate.is_passable()
    gate.leave(inside)
    assert gate.is_passable()


def test_those_who_entered_earlier_neither_take_nor_free_a_place() -> None:
    gate = Gate()
    early = gate.enter()
    gate.shut()
    gate.limit(1)
    gate.enter()
    gate.leave(early)

    assert not gate.is_passable()
