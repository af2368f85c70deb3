from collections.abc import Sequence

from services.gateway.messages import Message


def prompt_of(messages: Sequence[Message]) -> str:
    """One text for wires that know no conversation: a lone user message as it is, else a transcript to be continued."""
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].text
    turns = [f"{message.role}: {message.text}" for message in messages]
    return "\n".join((*turns, "assistant:"))
