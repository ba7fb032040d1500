"""What Lighthouse says of the page of a running product, signed out and signed in: `python tests/bench/lighthouse.py`.

Its own mobile preset: a slow phone and network, simulated. Prints JSON; the figures are 0 to 100 and milliseconds. The
package is installed into `.make/lighthouse` on first use.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
from common.page import people_of, sign_in
from common.product import machine, product, settle
from playwright.sync_api import sync_playwright

from voiceassist.runtime.engines import state
from voiceassist.runtime.engines.layout import Layout

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).parent / "peers" / "lighthouse"
INSTALLED = ROOT / ".make" / "lighthouse"
GOALS = {"performance": 95, "accessibility": 100, "best-practices": 100}
TIMES = {
    "first_contentful_paint_ms": "first-contentful-paint",
    "largest_contentful_paint_ms": "largest-contentful-paint",
    "interactive_ms": "interactive",
    "total_blocking_ms": "total-blocking-time",
    "bytes": "total-byte-weight",
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def installed() -> Path:
    command = INSTALLED / "node_modules" / ".bin" / "lighthouse"
    lock = PACKAGE / "package-lock.json"
    if not command.exists() or (INSTALLED / lock.name).read_bytes() != lock.read_bytes():
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGE / name, INSTALLED / name)
        told = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=INSTALLED, capture_output=True, text=True
        )
        if told.returncode:
            sys.exit(f"error: Lighthouse could not be installed\n{told.stderr[-2000:]}")
    return command


def session_of(layout: Layout, url: str) -> str:
    """The Cookie header of a clinician who has just signed in."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        context = chromium.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(f"{url}/voice/")
        sign_in(page, people_of(layout)["clinician"])
        page.get_by_test_id("textbox").wait_for()
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())
        chromium.close()
    return cookies


def audited(url: str, cookie: str = "") -> dict[str, Any]:
    flags = " ".join(["--headless=new", "--ignore-certificate-errors", *ARGUMENTS])
    command = [
        str(installed()), f"{url}/voice/", "--quiet", "--output=json", f"--chrome-flags={flags}",
        f"--only-categories={','.join(GOALS)}",
    ]  # fmt: skip
    if cookie:
        command.append(f"--extra-headers={json.dumps({'cookie': cookie})}")
    environment = os.environ | {"CHROME_PATH": shutil.which("chromium") or ""}
    told = subprocess.run(command, env=environment, capture_output=True, text=True)
    if told.returncode:
        sys.exit(f"error: Lighthouse failed\n{told.stderr[-2000:]}")
    report = json.loads(told.stdout)
    faults = [
        one["id"] for one in report["audits"].values() if one["score"] is not None and one["score"] < 1
        and one["scoreDisplayMode"] == "binary"
    ]  # fmt: skip
    return {
        **{name: round(100 * report["categories"][name]["score"]) for name in GOALS},
        **{name: round(report["audits"][audit]["numericValue"]) for name, audit in TIMES.items()},
        "faults": faults,
    }


def main() -> None:
    with product() as layout:
        known = state.read(layout)
        if known is None:
            sys.exit("error: the product does not run")
        settle([psutil.Process(known.supervisor.pid)])
        figures = {
            "signed_out": audited(known.url),
            "signed_in": audited(known.url, session_of(layout, known.url)),
        }
    print(json.dumps({"goals": GOALS, **figures, "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
