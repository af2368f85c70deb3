"""The JSON that `--json` prints: one object, on standard output, whether the command succeeded or not.

Every command:
    command   its name
    stack     the stack's name
    target    where the stack is built: local, aws or kubernetes; null where the command does not say
    ok        whether it did what was asked
    seconds   how long it took
    error     null, or {message, code, exit_code}; `code` is one word, such as port_taken

`up`, `preview` and `down` besides:
    changes    [{operation, kind, name, changed}], in the order in which they ended; `changed` names the inputs
    unchanged  how many resources stayed as they were
    recovered  names of the resources that an interrupted run had left half done
    outputs    what the stack tells: url, keyFile, target
    engine     {version, source, path}
    times      {phases: {name: seconds}, resources: {name: seconds}}
    warnings   sentences of the engine and of resources

`status` has the attributes of `forebay.life.status.Status`, `doctor` {level, findings: [{name, level, finding, mend}]},
`settings show` {settings}, `logs` {lines: [{process, line}]}; `settings schema` prints the schema alone.
"""

from collections.abc import Mapping

from forebay.cli.failure import Failure
from forebay.cli.request import Request


def document(
    request: Request, seconds: float, content: Mapping[str, object], failure: Failure | None = None
) -> dict[str, object]:
    """The object for one command's end; `content` may overwrite what the request says, as its target."""
    error = None
    if failure is not None:
        error = {"message": failure.message, "code": failure.code, "exit_code": failure.exit_code}
    return {
        "command": request.command,
        "stack": request.stack,
        "target": request.target,
        "ok": failure is None,
        "seconds": round(seconds, 3),
        "error": error,
        **content,
    }
