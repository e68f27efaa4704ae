"""Reads a folder of small text files whole, so that what parses them needs no file system."""

from collections.abc import Collection
from pathlib import Path

from service_runtime.errors import OperatorError

MAX_FILE_BYTES = 20_000_000


def read_text_folder(folder: Path, suffixes: Collection[str] = (".toml", ".csv")) -> dict[str, str]:
    """Texts by file name; raises :class:`OperatorError` naming the folder or file that cannot be read."""
    if not folder.is_dir():
        raise OperatorError(f"{folder}: no such folder")
    texts: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in suffixes or not path.is_file():
            continue
        if path.stat().st_size > MAX_FILE_BYTES:
            raise OperatorError(f"{path}: larger than {MAX_FILE_BYTES // 1_000_000} MB")
        try:
            texts[path.name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise OperatorError(f"{path}: not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'") from error
    return texts
