"""Reading a stack file.

The YAML is composed into nodes first, because only nodes know their lines: duplicate keys, of which YAML readers
silently take the last, are found there, and every later problem gets its line from there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, SequenceNode

from stacks.settings.problem import KeyPath, Problem, StackSettingsError, dotted
from stacks.settings.words import listed, suggestion

SETTINGS_KEY = "forebay:settings"
_NAMESPACE = "forebay:"
_FILE_NAME = re.compile(r"Pulumi\.([a-z0-9][a-z0-9-]*)\.yaml")
_LARGEST_FILE = 2**20
_DEEPEST = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class StackFile:
    """A stack file that was read: the settings in it, and where each of them stands.

    Attributes:
        path: the file.
        stack: the stack that its name gives.
        settings: the value of ``forebay:settings``, unchecked.
        node: the same as a YAML node.
    """

    path: Path
    stack: str
    settings: Mapping[str, object]
    node: Node

    def line_of(self, path: KeyPath) -> int:
        """Return the line of ``path``, or of the innermost section that exists, counted from one."""
        return _descendant(self.node, path)[0] + 1


def stack_name(path: Path) -> str:
    """Return the stack of a file called ``Pulumi.<stack>.yaml``.

    Raises:
        StackSettingsError: the name has another form.
    """
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise _refusal(f"{path} is not a stack file: its name must be Pulumi.<stack>.yaml, such as Pulumi.dev.yaml")
    return match[1]


def read_stack_file(path: Path) -> StackFile:
    """Read ``path`` without checking the settings in it.

    Raises:
        StackSettingsError: there is no such file, it is no stack file or no sound YAML, or it has duplicate keys.
    """
    stack = stack_name(path)
    root, document = _parse(path, _text_of(path))
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise _refusal(f"{path} is not a stack file: it has no `config:` section; put {SETTINGS_KEY} under one")
    _refuse_strangers(path, config)
    settings = config.get(SETTINGS_KEY)
    if not isinstance(settings, dict):
        what = "has no" if SETTINGS_KEY not in config else "has no sections under"
        raise _refusal(
            f"{path} {what} {SETTINGS_KEY} in its `config:` section; docs/settings.md says what belongs there"
        )
    return StackFile(path, stack, settings, _descendant(root, ("config", SETTINGS_KEY))[1])


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise _refusal(f"{path} is larger than 1 MiB: it cannot be a stack file; name another")
        return content.decode()
    except FileNotFoundError:
        raise _refusal(f"{path} does not exist: {_existing(path.parent)}") from None
    except UnicodeDecodeError as error:
        raise _refusal(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise _refusal(f"{path} cannot be read ({error.strerror}): check its type and permissions") from None


def _existing(folder: Path) -> str:
    names = sorted(match[1] for entry in folder.glob("Pulumi.*.yaml") if (match := _FILE_NAME.fullmatch(entry.name)))
    return f"the stacks there are {listed(names, 'and')}; name one of them" if names else "there are no stacks there"


def _parse(path: Path, text: str) -> tuple[Node, Any]:
    try:
        _refuse_depth(path, text)
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            raise _refusal(f"{path} is empty: it must have a `config:` section with {SETTINGS_KEY}")
        problems = tuple(_structural_problems(root, (), set()))
        if problems:
            raise StackSettingsError(problems, path)
        return root, SafeConstructor().construct_document(root)
    except ConstructorError as error:
        raise _refusal(
            f"{path} has a value that is no plain YAML ({error.problem}{_position(error)}): write plain values"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _refusal(f"{path} is not sound YAML: {_complaint(error)}{_position(error)}; mend it there") from None
    except yaml.YAMLError as error:
        raise _refusal(f"{path} is not sound YAML: {error}".replace("\n", " ")) from None


def _refuse_depth(path: Path, text: str) -> None:
    # The composer of libyaml recurses without a limit: a deep file would end the process.
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _refusal(f"{path} is nested more than {_DEEPEST} deep: no setting is; flatten it")


def _complaint(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be read"
    return f"{error.context}, {problem}" if problem.startswith("but ") and error.context else problem


def _position(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _inside(path: KeyPath) -> KeyPath:
    """Return a path in the file as one in the settings, where it leads there."""
    prefix = ("config", SETTINGS_KEY)
    return path[len(prefix) :] if path[: len(prefix)] == prefix and len(path) > len(prefix) else path


def _structural_problems(node: Node, path: KeyPath, seen: set[int]) -> Iterator[Problem]:
    if id(node) in seen and not isinstance(node, yaml.ScalarNode):
        yield Problem(
            _inside(path),
            "is a YAML alias: write the values out, so that each stack can be read by itself",
            _line(node),
        )
        return
    seen.add(id(node))
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _structural_problems(item, (*path, index), seen)
    elif isinstance(node, MappingNode):
        yield from _duplicates(node, path)
        for key, value in node.value:
            yield from _structural_problems(value, (*path, str(key.value)), seen)


def _duplicates(node: MappingNode, path: KeyPath) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        name = str(key.value)
        if name in lines:
            yield Problem(
                _inside((*path, name)), f"stands twice, also in line {lines[name]}: keep one of them", _line(key)
            )
        lines.setdefault(name, _line(key))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _descendant(node: Node, path: KeyPath) -> tuple[int, Node]:
    line = int(node.start_mark.line)
    for part in path:
        found = _child(node, part)
        if found is None:
            break
        line, node = found
    return line, node


def _child(node: Node, part: str | int) -> tuple[int, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    return None


def _refuse_strangers(path: Path, config: Mapping[object, object]) -> None:
    own = [str(key) for key in config if str(key).startswith(_NAMESPACE) and key != SETTINGS_KEY]
    if own:
        meant = suggestion(own[0].removeprefix(_NAMESPACE), [SETTINGS_KEY.removeprefix(_NAMESPACE)])
        advice = f"did you mean {SETTINGS_KEY}?" if meant else f"all settings stand under {SETTINGS_KEY}"
        raise _refusal(f"{path} has {dotted(('config', own[0]))}, which is not a setting: {advice}")


def _refusal(text: str) -> StackSettingsError:
    return StackSettingsError([Problem((), text)])
