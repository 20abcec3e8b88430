"""A real Chromium for the tests of pages; without one, or its packages, they are skipped."""

import shutil
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
AXE = pytest.importorskip("axe_selenium_python", reason="axe-selenium-python is not installed")
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
NEEDS_BROWSER = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="NO BROWSER: install Debian's chromium and chromium-driver to try the pages",
)


def open_browser(profile: Path, *flags: str, logs: tuple[str, ...] = ("browser",)) -> Any:
    """A driver of a new browser, which records `logs`; to be ended with `quit`."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 f"--user-data-dir={profile}", *flags):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))


def violations(driver: Any) -> list[str]:
    """The faults that axe finds on the page as it is now, each rule with its place."""
    path = Path(AXE.__file__).parent / "node_modules/axe-core/axe.min.js"
    # Not by execute_script: a page's policy may admit no code that is made from text.
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": path.read_text("utf-8")})
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run().then((results) => done(results.violations));"
    )
    return [f"{rule['id']} {node['target']}" for rule in found for node in rule["nodes"]]
