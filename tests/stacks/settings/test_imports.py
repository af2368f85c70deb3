import subprocess
import sys


def test_reading_settings_imports_neither_the_engine_nor_ray() -> None:
    script = (
        "import sys, stacks.settings;"
        "heavy = {'pulumi', 'ray', 'fastapi', 'aiohttp', 'numpy', 'jsonschema', 'stacks.settings.schema'};"
        "print(*sorted(heavy & sys.modules.keys()))"
    )

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout.strip() == ""
