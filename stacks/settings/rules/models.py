from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stacks.settings.alias import Kind
from stacks.settings.application import Application, LlmApplication
from stacks.settings.problem import KeyPath, Problem
from stacks.settings.provider import Provider
from stacks.settings.words import listed, suggestion

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings

_ANSWERS = {
    "simulated": Kind.CHAT,
    "llm": Kind.CHAT,
    "embeddings": Kind.EMBEDDINGS,
    "classifier": Kind.CLASSIFICATION,
}


def applications_scale_soundly(settings: "StackSettings") -> Iterator[Problem]:
    """No application has more replicas at least than at most."""
    for name, application in settings.serving.applications.items():
        low, high = application.scaling.min_replicas, application.scaling.max_replicas
        if low > high:
            yield Problem(
                ("serving", "applications", name, "scaling", "min_replicas"),
                f"is {low}, above max_replicas {high}: lower it or raise max_replicas",
            )


def applications_answer_for_different_models(settings: "StackSettings") -> Iterator[Problem]:
    """No two applications answer under one model name."""
    first: dict[str, str] = {}
    for name, application in settings.serving.applications.items():
        other = first.setdefault(application.model, name)
        if other != name:
            yield Problem(
                ("serving", "applications", name, "model"),
                f"is {application.model}, under which the application {other} answers already: choose another name",
            )


def language_models_are_described(settings: "StackSettings") -> Iterator[Problem]:
    """Each language model that Ray Serve or Ollama runs is under `models`, for that server."""
    wanted = [
        (("serving", "applications", name, "model"), application.model, Provider.REMOTE_GPU)
        for name, application in settings.serving.applications.items()
        if isinstance(application, LlmApplication)
    ]
    ollama: list[tuple[KeyPath, str, Provider]] = [
        (("ollama", "models", index), model, Provider.OLLAMA_LOCAL)
        for index, model in enumerate(settings.ollama.models)
    ]
    for path, model, server in (*wanted, *ollama):
        known = [name for name, described in settings.models.items() if described.served_by is server]
        if model not in known:
            yield Problem(
                path, f"is {model}, which is not under models with served_by {server}: {_advice(model, known)}"
            )


def aliases_are_answered(settings: "StackSettings") -> Iterator[Problem]:
    """Each alias names providers of the chain, and of our own servers only models that they run."""
    chain = settings.chain
    if set(chain) <= {Provider.LOCAL_STUB}:
        return
    for name, alias in settings.aliases.items():
        for provider, model in alias.providers.items():
            path = ("aliases", name, "providers", provider.value)
            if provider is Provider.LOCAL_STUB:
                yield Problem(path, f"is {model}, but the stub has no models: remove it")
            elif provider not in chain:
                yield Problem(
                    path,
                    f"is {model}, but {provider} is not in the chain ({listed(chain, 'and')}): add or remove it",
                )
            elif provider.is_own:
                yield from _own_model_problems(settings, path, model, alias.kind)


def _own_model_problems(settings: "StackSettings", path: tuple[str, ...], model: str, kind: Kind) -> Iterator[Problem]:
    if path[-1] == Provider.OLLAMA_LOCAL:
        if model not in settings.ollama.models:
            yield Problem(path, f"is {model}, which is not in ollama.models: {_advice(model, settings.ollama.models)}")
        return
    applications = settings.serving.applications.values()
    serving = next((application for application in applications if application.model == model), None)
    if serving is None:
        known = [application.model for application in applications]
        yield Problem(path, f"is {model}, which no serving application answers for: {_advice(model, known)}")
    elif _kind_of(serving) is not kind:
        yield Problem(
            path, f"is {model}, which answers {_kind_of(serving)}, in an alias of kind {kind}: make them agree"
        )


def _kind_of(application: Application) -> Kind:
    return _ANSWERS[application.kind]


def _advice(model: str, known: Sequence[str]) -> str:
    meant = suggestion(model, known)
    if meant:
        return f"did you mean {meant}?"
    return f"name {listed(known)}, or add it there" if known else "add it there"
