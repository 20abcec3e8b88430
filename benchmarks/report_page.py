"""The page of a report of many articles in Chromium: until it is painted, searched and turned over.

    python -m benchmarks.report_page [--articles 10000] [--rounds 3]

The articles are those of the tests' two stories over and over, half of the stories of three
articles and half of one. Printed are milliseconds by the browser's own clock, each until the next
frame is drawn, and the page's size.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from service.report.page import Report, quotes_of, render
from tests.support.browser import open_browser
from tests.support.told_stories import TEXTS, groups, results

PAINTED = """
const done = arguments[0];
new PerformanceObserver((list) => done(list.getEntries()[0].startTime))
  .observe({ type: "paint", buffered: true });
"""
DRAWN = """
const [step, value, done] = arguments;
const began = performance.now();
if (step === "search") {
  const box = document.getElementById("search");
  box.value = value;
  box.dispatchEvent(new Event("input"));
} else {
  [...document.querySelectorAll("#pages button")].at(-1).click();
}
requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
"""


def written(folder: Path, articles: int) -> Path:
    quake, race = groups()
    quotes = {result.id: quotes_of(result, TEXTS[result.id]) for result in results()}
    pairs = articles // 4  # a story of three and one of one
    page, _ = render(Report([*[quake] * pairs, *[race] * pairs], quotes))
    file = folder / "report.html"
    file.write_text(page, "utf-8")
    return file


def timed(driver: Any, file: Path) -> dict[str, float]:
    driver.get(file.as_uri())
    loaded = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    return {
        "first paint": driver.execute_async_script(PAINTED),
        "loaded": driver.execute_script(loaded),
        "first search": driver.execute_async_script(DRAWN, "search", "柏林"),
        "search": driver.execute_async_script(DRAWN, "search", "atacama"),
        "all again": driver.execute_async_script(DRAWN, "search", ""),
        "next page": driver.execute_async_script(DRAWN, "turn", ""),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), asked.articles)
        print(f"{asked.articles} articles, {file.stat().st_size / 1e6:.1f} MB")
        driver = open_browser(Path(folder) / "profile", "--lang=en")
        try:
            for _ in range(asked.rounds):
                told = timed(driver, file)
                print(", ".join(f"{what} {ms:.0f} ms" for what, ms in told.items()), flush=True)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
