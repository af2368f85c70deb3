from collections.abc import Callable, Collection, Mapping

from forebay.errors import PortTakenError
from forebay.life.place import Place
from infra.local.inputs import Readiness
from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.port_owner import PortOwner
from infra.local.readiness import probe

_NAMED_AT_MOST = 5


Look = Callable[[Collection[int]], Mapping[int, PortOwner]]
"""Who has which of the ports."""


def _look(ports: Collection[int]) -> Mapping[int, PortOwner]:
    from forebay.doctor.listeners import listeners  # noqa: PLC0415 - a stack that stands is not looked at

    return listeners(ports)


def require_free_ports(
    place: Place,
    ports: Collection[int],
    look: Look = _look,
) -> None:
    """Refuse to begin a stack whose ports others have; a stack that stands is not looked at, it has them itself.

    Raises:
        PortTakenError: The first few taken ports, each with its owner.
    """
    if probe(Readiness(socket=str(place.folder.supervisor_socket)))():
        return
    taken = look(ports)
    # What a killed stack left behind is taken away by the `up` that follows.
    own = set(marked(STACK_VARIABLE, place.folder.marker)) if taken else set()
    foreign = [owner for _, owner in sorted(taken.items()) if owner.pid not in own]
    if foreign:
        raise PortTakenError(_sentence(foreign, place))


def _sentence(foreign: list[PortOwner], place: Place) -> str:
    named = "; ".join(f"port {owner.port} is taken by {owner}" for owner in foreign[:_NAMED_AT_MOST])
    more = f"; and {len(foreign) - _NAMED_AT_MOST} more" if len(foreign) > _NAMED_AT_MOST else ""
    programs = "that process" if len(foreign) == 1 else "those processes"
    return f"{named}{more}: end {programs}, or set other `ports` in {place.settings}"
