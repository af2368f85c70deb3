import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from forebay.engine.find import Engine
from forebay.life.place import Place
from infra.local.leftovers import RUN_VARIABLE
from infra.local.private_file import write_private

if TYPE_CHECKING:
    from pulumi.automation import Stack

PROJECT = "forebay"

_PASSPHRASE_BYTES = 32


def open_stack(
    place: Place,
    engine: Engine,
    program: Callable[[], None],
    retargeted: Mapping[str, object] | None = None,
) -> "Stack":
    """The stack as the engine knows it, made if it is new, with the run-time copy of its settings in place.

    A committed stack file is never written to: the engine works on the copy, with `retargeted`, if given, in place of
    the file's settings.
    """
    # Half a second of imports that only commands with an engine pay.
    from pulumi import automation  # noqa: PLC0415

    from forebay.life.interruptible import InterruptibleCommand  # noqa: PLC0415
    from forebay.life.quick_stack import QuickStack  # noqa: PLC0415

    _prepare(place)
    _copy_settings(place, retargeted)
    workspace = automation.LocalWorkspace(
        work_dir=str(place.engine),
        pulumi_home=str(place.folder.root / "home"),
        program=program,
        env_vars=_environment(place, engine),
        pulumi_command=InterruptibleCommand(engine),
    )
    if not _is_known(place):
        automation.Stack.create_or_select(place.stack, workspace)
    return QuickStack(place.stack, workspace)


def exists(place: Place) -> bool:
    """Whether anything of the stack is on this machine."""
    return place.folder.root.exists() or place.folder.run.exists()


def _is_known(place: Place) -> bool:
    return (place.state / ".pulumi" / "stacks" / PROJECT / f"{place.stack}.json").exists()


def _prepare(place: Place) -> None:
    place.folder.create()
    place.state.mkdir(mode=0o700, exist_ok=True)
    place.engine.mkdir(mode=0o700, exist_ok=True)
    if not place.passphrase.exists():
        write_private(place.passphrase, secrets.token_hex(_PASSPHRASE_BYTES))
    write_private(place.engine / "Pulumi.yaml", yaml.safe_dump(_project_file()))


def _project_file() -> dict[str, object]:
    # The engine looks for the provider in this folder, not on PATH: a virtual environment need not be active.
    provider = {"name": PROJECT, "path": str(Path(sys.executable).parent)}
    return {"name": PROJECT, "runtime": "python", "plugins": {"providers": [provider]}}


def _copy_settings(place: Place, retargeted: Mapping[str, object] | None) -> None:
    copy = place.engine / place.settings.name
    kept = _mapping(copy)
    content = _mapping(place.settings) or kept
    if retargeted is not None:
        from stacks.settings.stack_file import SETTINGS_KEY  # noqa: PLC0415 - whoever retargets has loaded it

        content = {**content, "config": {**content.get("config", {}), SETTINGS_KEY: dict(retargeted)}}
    salt = {key: value for key, value in kept.items() if key == "encryptionsalt"}
    write_private(copy, yaml.safe_dump({**content, **salt}))


def _mapping(path: Path) -> dict[str, Any]:
    # A stack can be taken away although its file is gone or broken; whoever builds one has checked the file before.
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _environment(place: Place, engine: Engine) -> dict[str, str]:
    return {
        "PULUMI_BACKEND_URL": place.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(place.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
        RUN_VARIABLE: place.folder.marker,
        "PATH": os.pathsep.join([str(engine.path.parent), os.environ.get("PATH", "")]),
    }


def forget(place: Place) -> None:
    """Take away every file of the stack.

    Raises:
        OSError: If something cannot be removed; the message names it.
    """
    for folder in (place.folder.root, place.folder.run):
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
