import json
import shlex


def invitation(url: str, key_file: str, model: str) -> str:
    """A command line that asks the stack something; the key is read from its file and shown nowhere."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Say hello."}]})
    return (
        f"curl -s {url}/v1/chat/completions "
        f'-H "Authorization: Bearer $(cat {shlex.quote(key_file)})" '
        f"-H 'content-type: application/json' -d {shlex.quote(body)}"
    )
