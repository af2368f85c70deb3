import io
import json
from pathlib import Path

from services.gateway.telemetry.log import json_log


def test_an_event_is_one_json_line_with_its_fields_level_and_time() -> None:
    file = io.StringIO()

    json_log(file).warning("gateway.something", request_id="r1", path=Path("/x"), text='two\nlines "quoted"')

    (line,) = file.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["request_id"], told["path"]) == (
        "gateway.something",
        "warning",
        "r1",
        "/x",
    )
    assert told["text"] == 'two\nlines "quoted"'
    assert told["timestamp"].endswith("Z")
