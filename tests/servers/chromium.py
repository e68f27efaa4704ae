"""Headless Chromium for pages: without the Internet, and without a trace in the home of whoever runs the tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.servers.process import require_binary

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def headless_chromium(home: Path) -> Iterator[Browser]:
    """A browser whose settings and crash reports go below ``home``; skips, or fails, where there is none."""
    path = shutil.which("google-chrome") or require_binary("chromium")
    environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_CACHE_HOME": str(home / "cache")}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=_FLAGS, env={**os.environ, **environment})
        try:
            yield chromium
        finally:
            chromium.close()
