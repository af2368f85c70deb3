from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """In a type's metadata: what a sentence calls the text that its pattern allows."""

    noun: str
