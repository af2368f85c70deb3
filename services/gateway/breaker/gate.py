"""Whether an endpoint may be entered: open, limited to a number at a time, or shut. It knows nothing of why.

Each change of position starts a new epoch. A pass belongs to the epoch in which it was given, so that those who entered
earlier neither take nor free the places of a limited gate, and their late results can be told from the probe's.
"""

from enum import Enum, auto


class GateState(Enum):
    """The three positions."""

    OPEN = auto()
    LIMITED = auto()
    SHUT = auto()


class Gate:
    """One endpoint's gate. Whoever enters leaves exactly once, with the pass that was given."""

    def __init__(self) -> None:
        self.state = GateState.OPEN
        self.epoch = 0
        self._places = 0
        self._inside = 0

    def open(self) -> None:
        self._turn(GateState.OPEN, 0)

    def limit(self, places: int) -> None:
        """Let in at most `places` at a time from now on."""
        self._turn(GateState.LIMITED, places)

    def shut(self) -> None:
        self._turn(GateState.SHUT, 0)

    def is_passable(self) -> bool:
        return self.state is GateState.OPEN or (self.state is GateState.LIMITED and self._inside < self._places)

    def enter(self) -> int:
        """Go in, whatever the position; returns the pass."""
        self._inside += 1
        return self.epoch

    def leave(self, gate_pass: int) -> None:
        if gate_pass == self.epoch:
            self._inside -= 1

    def _turn(self, state: GateState, places: int) -> None:
        self.state = state
        self.epoch += 1
        self._places = places
        self._inside = 0
