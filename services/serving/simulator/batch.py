"""A continuous batch bounded by its KV cache, as a pure state machine.

Time passes in steps. In each, prompts are read, up to a fixed number of tokens, and every sequence whose prompt is read
gets one token. A step's length grows with the batch and with the prompt tokens read. At its end, finished and
cancelled sequences go, and waiting ones move up, first come, first served, as long as the batch has a place and the
cache has room for prompt and answer together. So latency rises under load, and throughput ends where the cache or the
batch is full, as with a real engine.

Room for the whole answer is reserved on admission. Real engines grow page by page and evict when they run out; that
would model recomputation as well, which none of the load curves here needs.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto


class State(Enum):
    """Where a sequence is in its life."""

    WAITING = auto()
    RUNNING = auto()
    FINISHED = auto()
    CANCELLED = auto()


class QueueFullError(Exception):
    """No further request may wait; `waiting` are waiting already."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} requests are waiting already.")
        self.waiting = waiting


class TooLongError(Exception):
    """A prompt with its answer is longer than the engine's context."""

    def __init__(self, tokens: int, context_tokens: int) -> None:
        super().__init__(
            f"The prompt and max_tokens come to {tokens} tokens; the context is {context_tokens}. Shorten either."
        )


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What the engine can hold and how fast it is; tokens and seconds."""

    kv_tokens: int
    max_batch: int
    max_waiting: int
    context_tokens: int
    prefill_tokens_per_second: float
    prefill_tokens_per_step: int
    step_seconds: float
    step_seconds_per_sequence: float


@dataclass(slots=True, eq=False)
class Sequence:
    """One request inside the batch."""

    prompt_tokens: int
    max_tokens: int
    state: State = State.WAITING
    prefilled: int = 0
    emitted: int = 0

    @property
    def reserved(self) -> int:
        return self.prompt_tokens + self.max_tokens

    @property
    def is_decoding(self) -> bool:
        return self.state is State.RUNNING and self.prefilled == self.prompt_tokens


@dataclass(frozen=True, slots=True)
class Step:
    """How long a step lasts, and which sequences have one token more at its end."""

    seconds: float
    advanced: tuple[Sequence, ...]


@dataclass(slots=True)
class ContinuousBatch:
    """The engine's state: who waits, who runs, how full the cache is."""

    limits: EngineLimits
    waiting: deque[Sequence] = field(default_factory=deque)
    running: list[Sequence] = field(default_factory=list)

    @property
    def kv_used(self) -> int:
        return sum(sequence.reserved for sequence in self.running)

    @property
    def is_idle(self) -> bool:
        return not self.waiting and not self.running

    def submit(self, prompt_tokens: int, max_tokens: int) -> Sequence:
        """Take a request into the batch, from the next step on, or into the queue.

        Raises:
            TooLongError: it could never fit.
            QueueFullError: it would have to wait, and as many do already as may.
        """
        sequence = Sequence(prompt_tokens, max_tokens)
        if sequence.reserved > self.limits.context_tokens:
            raise TooLongError(sequence.reserved, self.limits.context_tokens)
        if not self.waiting and self._has_room(sequence):
            self._run(sequence)
        elif len(self.waiting) < self.limits.max_waiting:
            self.waiting.append(sequence)
        else:
            raise QueueFullError(len(self.waiting))
        return sequence

    def cancel(self, sequence: Sequence) -> None:
        """Give a sequence up; its place and its cache are free when the step in progress ends."""
        if sequence.state is State.WAITING:
            self.waiting.remove(sequence)
        if sequence.state is not State.FINISHED:
            sequence.state = State.CANCELLED

    def step(self) -> Step:
        """Begin a step; what it yields counts once `credit` is told that it has lasted its time."""
        read = self._prefill()
        decoding = [sequence for sequence in self.running if sequence.is_decoding]
        seconds = (
            self.limits.step_seconds
            + self.limits.step_seconds_per_sequence * len(decoding)
            + read / self.limits.prefill_tokens_per_second
        )
        return Step(seconds, tuple(decoding))

    def credit(self, step: Step) -> None:
        """End a step: one token more for each of its sequences not cancelled meanwhile; then whoever fits moves up."""
        for sequence in step.advanced:
            if sequence.state is State.RUNNING:
                sequence.emitted += 1
                if sequence.emitted == sequence.max_tokens:
                    sequence.state = State.FINISHED
        self.running = [sequence for sequence in self.running if sequence.state is State.RUNNING]
        while self.waiting and self._has_room(self.waiting[0]):
            self._run(self.waiting.popleft())

    def _has_room(self, sequence: Sequence) -> bool:
        return len(self.running) < self.limits.max_batch and self.kv_used + sequence.reserved <= self.limits.kv_tokens

    def _run(self, sequence: Sequence) -> None:
        sequence.state = State.RUNNING
        self.running.append(sequence)

    def _prefill(self) -> int:
        left = self.limits.prefill_tokens_per_step
        for sequence in self.running:
            read = min(left, sequence.prompt_tokens - sequence.prefilled)
            sequence.prefilled += read
            left -= read
        return self.limits.prefill_tokens_per_step - left
