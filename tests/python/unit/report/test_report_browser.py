"""The page in a real browser: nothing on the console, nothing asked of the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hftcore.report import ReportData, render

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=2000"),
)


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be installed in CI")
        pytest.skip("no chromium here to open the page with")
    return found


def opened(chromium: str, page: Path, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [chromium, *FLAGS, profile, *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_browser_shows_the_page_without_complaint(chromium, invented: ReportData, tmp_path, scheme):
    page = render(invented, tmp_path)
    run = opened(chromium, page, tmp_path, f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom")
    assert "CONSOLE" not in run.stderr
    assert run.stdout.count("<svg") == 14
    assert invented.title in run.stdout


def test_the_only_file_the_browser_reads_is_the_page(chromium, invented: ReportData, tmp_path):
    page, log = render(invented, tmp_path), tmp_path / "net.json"
    opened(chromium, page, tmp_path, f"--log-net-log={log}", "--dump-dom")
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    urls = {e["params"]["url"] for e in events if "url" in e.get("params", {})}
    own = {
        u for u in urls if u.startswith(("http:", "https:")) and "google" not in u
    }  # the browser's own errands aside
    assert own == set()
