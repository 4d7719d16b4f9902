"""Progress bars: one per stream, with rate and time left."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from itss_bridge.sync import Watcher


class Bars:
    """A context manager whose value is a `Watcher`."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Watcher:
        self._progress.start()
        return self._show

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def _show(self, source: str, stream: str, read: int, expected: int | None) -> None:
        key = (source, stream)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{source} · {stream}", total=expected)
        self._progress.update(self._tasks[key], completed=read, total=expected)


class _Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """Nothing until two pages have come."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")
