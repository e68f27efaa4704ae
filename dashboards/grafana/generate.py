"""Writes every board in every language as a Grafana JSON file."""

from datetime import date
from pathlib import Path

from analytics.rulebook import load_rulebook
from dashboards.boards import boards_of
from dashboards.grafana.build import dashboard_json
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park

LANGUAGES = ("vi", "en")
GENERATED_FOLDER = Path(__file__).parent.parent / "generated"


def generated_files(park: Park, day: date) -> dict[str, str]:
    """JSON text by file name, e.g. ``park-overview.vi.json``; limit lines as they hold on ``day``."""
    rules = load_rulebook()
    return {
        f"{board.id}.{language}.json": dashboard_json(board, park, rules, day, language)
        for board in boards_of(park)
        for language in LANGUAGES
    }


def write_generated(park: Park, day: date, folder: Path) -> list[Path]:
    """Write the files, replacing older ones; raises :class:`OperatorError` naming a path that cannot be written."""
    written: list[Path] = []
    for name, text in generated_files(park, day).items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OperatorError(f"{path}: cannot be written ({error.strerror})") from error
        written.append(path)
    return written
