"""`python -m services.gateway.keys ensure|check|remove`: one key kept in a file and in the state store.

The file comes first and the store's record is made from it, so that `ensure` can be repeated after a kill at any moment
and never leaves a record whose key nobody has.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from services.gateway.config import StoreSettings
from services.gateway.environment import GatewayConfigError
from services.gateway.keys.format import KeyParts, parse_key
from services.gateway.keys.issue import KeyTerms, issue_key
from services.gateway.keys.pepper import read_pepper
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.record import KeyRecord, digest_of
from services.gateway.keys.redis_store import RedisKeyStore
from services.gateway.keys.store import KeyStore, KeyStoreLostError


class KeptKeyError(Exception):
    """The key is not as it should be; the text is one sentence."""


async def ensure(store: KeyStore, file: Path, pepper: bytes, role: KeyRole) -> None:
    """Make file and store agree on a valid key; changes nothing if they do."""
    try:
        await check(store, file, pepper)
    except KeptKeyError:
        parts = _parts(file)
        if parts is None:
            key = issue_key(KeyTerms(role, time.time()), pepper, secrets.token_bytes)
            _write(file, key.text)
            await store.put(key.key_id, key.record)
        else:
            await store.put(parts.key_id, KeyRecord(digest_of(parts, pepper), role, time.time()))


async def check(store: KeyStore, file: Path, pepper: bytes) -> None:
    """Raises KeptKeyError unless the file's key is in the store and valid."""
    parts = _parts(file)
    if parts is None:
        raise KeptKeyError(f"{file} holds no key")
    record = (await store.all()).get(parts.key_id)
    if record is None or not record.matches(parts, pepper) or not record.is_valid(time.time()):
        raise KeptKeyError(f"the state store does not know the key in {file}")


async def remove(store: KeyStore, file: Path) -> None:
    """Revoke the key and delete its file, in this order."""
    parts = _parts(file)
    if parts is not None:
        await store.remove(parts.key_id)
    _unlink(file)


def _unlink(file: Path) -> None:
    file.unlink(missing_ok=True)


def _parts(file: Path) -> KeyParts | None:
    try:
        return parse_key(file.read_text().strip())
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".key-")
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text + "\n")
    Path(temporary).replace(file)


async def _run(arguments: argparse.Namespace) -> None:
    settings = StoreSettings(url=arguments.store, password_file=arguments.password_file, timeout_seconds=5)
    store = RedisKeyStore(settings)
    try:
        match arguments.action:
            case "ensure":
                await ensure(store, arguments.file, read_pepper(arguments.pepper_file), arguments.role)
            case "check":
                await check(store, arguments.file, read_pepper(arguments.pepper_file))
            case _:
                await remove(store, arguments.file)
    finally:
        await store.aclose()


def main() -> int:
    """Run one action; 0 when done or so, 1 with one sentence on standard error otherwise."""
    parser = argparse.ArgumentParser(prog="python -m services.gateway.keys", description="Keeps one key in a file.")
    parser.add_argument("action", choices=("ensure", "check", "remove"))
    parser.add_argument("--file", type=Path, required=True, help="holds the key's text, mode 0600")
    parser.add_argument("--store", required=True, help="URL of the state store, without a password")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--pepper-file", type=Path, required=True)
    parser.add_argument("--role", type=KeyRole, choices=tuple(KeyRole), default=KeyRole.USER)
    try:
        asyncio.run(_run(parser.parse_args()))
    except (KeptKeyError, KeyStoreLostError, GatewayConfigError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
