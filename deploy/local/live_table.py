"""What the terminal shows: progress bars, then a live table; plain lines when it is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from analytics.alerting.summary import read_alert_summary
from deploy.local.chain import LocalChain
from deploy.local.ingest_status import IngestStatus, read_ingest_status
from service_runtime.errors import UnreachableError

PLAIN_EVERY_SECONDS = 15.0


class LiveScreen:
    """Writes to standard error, so that standard output stays free for results."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def say(self, sentence: str) -> None:
        """One line."""
        self._console.print(sentence)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float], None]]:
        """A progress bar; the callable takes the share done, 0-1."""
        if not self._console.is_terminal:
            self.say(f"{title} ...")
            yield lambda _share: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(title, total=1.0)
            yield lambda share: bar.update(task, completed=share)

    @contextmanager
    def live_table(self) -> Iterator[Callable[[LocalChain], None]]:
        """A table that is drawn again at each call."""
        if not self._console.is_terminal:
            yield self._plain_line()
            return
        with Live(console=self._console, refresh_per_second=4) as live:
            yield lambda chain: live.update(_table(chain))

    def _plain_line(self) -> Callable[[LocalChain], None]:
        shown_at = float("-inf")

        def show(chain: LocalChain) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at < PLAIN_EVERY_SECONDS:
                return
            shown_at = time.monotonic()
            status = _status(chain)
            if status is not None:
                self.say(f"stored {status.stored:,}  quarantined {status.quarantined:,}  missing {status.missing:,}")

        return show


def _status(chain: LocalChain) -> IngestStatus | None:
    try:
        return read_ingest_status(chain.ingest_url)
    except UnreachableError:
        return None


def _table(chain: LocalChain) -> Table:
    status = _status(chain)
    table = Table(title=f"Ecopark - {chain.console_url}", expand=False)
    table.add_column("program")
    table.add_column("state")
    table.add_column("memory", justify="right")
    for child in chain.children.values():
        state = "[green]running[/]" if child.is_running else f"[red]ended ({child.exit_code})[/]"
        table.add_row(child.name, state, f"{child.rss_mb():.0f} MB")
    table.add_section()
    if status is not None:
        table.add_row("readings stored", f"{status.stored:,}", "")
        table.add_row("quarantined / missing", f"{status.quarantined:,} / {status.missing:,}", "")
        if status.p50_ms is not None and status.p99_ms is not None:
            table.add_row("committed to stored", f"p50 {status.p50_ms:.0f} ms, p99 {status.p99_ms:.0f} ms", "")
    alerts = read_alert_summary(chain.workdir.analytics_state)
    table.add_row("alerts raised", str(len(alerts.raised)), "")
    return table
