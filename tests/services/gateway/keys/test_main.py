import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.gateway.config import StoreSettings
from services.gateway.keys.format import parse_key
from services.gateway.keys.redis_store import RedisKeyStore


class Command:
    def __init__(self, settings: StoreSettings, folder: Path) -> None:
        self.settings = settings
        self.file = folder / "secrets" / "first-key"
        self.pepper = folder / "pepper"
        self.pepper.write_text("pepper-of-a-test-only")

    def run(self, action: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-m", "services.gateway.keys", action),
                f"--file={self.file}",
                f"--store={url or self.settings.url}",
                f"--password-file={self.settings.password_file}",
                f"--pepper-file={self.pepper}",
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    async def known(self) -> set[str]:
        store = RedisKeyStore(self.settings)
        try:
            return set(await store.all())
        finally:
            await store.aclose()


@pytest.fixture
def command(store_settings: StoreSettings, tmp_path: Path) -> Command:
    return Command(store_settings, tmp_path)


def test_ensure_makes_one_key_that_check_finds_and_remove_revokes(command: Command) -> None:
    assert command.run("check").returncode == 1
    assert command.run("ensure").returncode == 0
    text = command.file.read_text().strip()
    parts = parse_key(text)
    assert parts is not None
    assert stat.S_IMODE(command.file.stat().st_mode) == 0o600

    again = command.run("ensure")
    assert (again.returncode, again.stdout + again.stderr) == (0, "")
    assert command.file.read_text().strip() == text
    assert command.run("check").returncode == 0

    assert command.run("remove").returncode == 0
    assert not command.file.exists()
    assert parts.key_id not in asyncio.run(command.known())
    assert command.run("remove").returncode == 0


def test_ensure_puts_back_the_files_key_when_the_store_lost_it(command: Command, store_settings: StoreSettings) -> None:
    command.run("ensure")
    text = command.file.read_text()
    parts = parse_key(text.strip())
    assert parts is not None

    async def forget() -> None:
        store = RedisKeyStore(store_settings)
        await store.remove(parts.key_id)
        await store.aclose()

    asyncio.run(forget())
    assert "does not know the key" in command.run("check").stderr
    assert command.run("ensure").returncode == 0

    assert command.file.read_text() == text
    assert command.run("check").returncode == 0


def test_a_store_that_is_away_is_one_sentence_and_the_next_try_ends_the_work(command: Command) -> None:
    done = command.run("ensure", url="redis://127.0.0.1:1/0")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    text = command.file.read_text()
    assert command.run("ensure").returncode == 0
    assert command.file.read_text() == text
