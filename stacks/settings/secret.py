import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.problem import KeyPath, Problem

_REFERENCE = re.compile(r"env:[A-Z][A-Z0-9_]{0,127}|aws-secret:[A-Za-z0-9][A-Za-z0-9/_+=.@-]{0,254}")
REFERENCE_FORM = "a reference: env:NAME for an environment variable or aws-secret:NAME for AWS Secrets Manager"


SecretReference = Annotated[
    str,
    Field(pattern=rf"^({_REFERENCE.pattern})$"),
    Form(REFERENCE_FORM),
]

_SECRET_VALUE = re.compile(
    r"[a-z]+://[^/@\s:]*:[^/@\s]+@|"
    r"(sk-|hf_|gh[pousr]_|github_pat_|glpat-|xox[abpr]-|AKIA|ASIA|AIza|-----BEGIN )[A-Za-z0-9_\- ]{8,}|"
    r"eyJ[\w-]{8,}\.[\w-]{8,}"
)
_SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|secret|(auth|access|bearer|api)_?token|api_key|apikey|private_key|access_key)$",
    re.IGNORECASE,
)
_ADVICE = (
    "holds a secret, and settings are committed in plain text: "
    f"remove it, change the secret, and write {REFERENCE_FORM}"
)


def inline_secrets(mapping: Mapping[str, object]) -> tuple[Problem, ...]:
    """Return a problem for each secret in ``mapping``, found by its key or its shape; none repeats the secret."""
    return tuple(Problem(path, _ADVICE) for path, value in _leaves(mapping, ()) if _is_secret(path[-1], value))


def _leaves(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _is_secret(key: str | int, value: object) -> bool:
    if not isinstance(value, str) or _REFERENCE.fullmatch(value):
        return False
    return key == "secure" or bool(_SECRET_VALUE.search(value)) or bool(_SECRET_KEY.search(str(key)))
