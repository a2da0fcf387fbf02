"""The native core. It returns plain data, and bad input is never an exception."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["__version__", "draw", "failed", "run", "state"]

__version__: str

class _Host(Protocol):
    identity: Mapping[str, Any]
    problems: list[str]

    def fetch(self, url: str) -> dict[str, str]: ...
    def render(self, path: str) -> str: ...
    def sdb(self, uri: str) -> str: ...
    def emit(self, tag: str, data: dict[str, Any]) -> None: ...
    def log(self, level: str, message: str) -> None: ...
    def start(self, job: dict[str, Any]) -> dict[str, Any]: ...
    def poll(self, jid: str) -> dict[str, Any]: ...
    def stop(self, jid: str) -> None: ...
    def pending(self) -> Any: ...
    def keep_pending(self, pending: Any) -> None: ...
    def apply_states(self) -> list[dict[str, Any]]: ...

def run(
    operation: str, arguments: dict[str, Any], surplus: int, infrastructure: Any, host: _Host
) -> dict[str, Any]:
    """Run one operation. It always returns a report."""

def failed(operation: str, kind: str, message: str) -> dict[str, Any]:
    """The report of a call that never reached an operation. kind: internal or cancelled."""

def draw(report: Any, colour: bool) -> str:
    """A report as text for people."""

def state(report: Any, name: str, component: str | None = None) -> dict[str, Any]:
    """A report as a state returns it: for one component, or for all with a row for each."""
