"""Results as flat rows, for tables and feeds."""

import re
from collections.abc import Mapping
from typing import Any

COLUMNS = (
    "id", "source", "title", "language", "published", "digest_en", "kind_en", "digest_zh",
    "kind_zh", "target", "stance", "score", "coverage", "unsupported", "warnings", "engine",
    "model", "error",
)  # fmt: skip
# Characters that XML, and so a spreadsheet and a feed, can't hold.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

FlatRow = Mapping[str, str | float | None]
"""A value for each of COLUMNS."""


def flat(line: Mapping[str, Any]) -> FlatRow:
    """The row of a result line, or of the error of an article; the first stance stands for all."""
    if "error" in line:
        found = {"id": line["id"], "source": line["source"], "error": line["error"]["detail"]}
        return {name: found.get(name) for name in COLUMNS}
    stance = line["stance"][0] if isinstance(line["stance"], list) else line["stance"]
    digests = {name: line["digests"].get(name, {}) for name in ("en", "zh")}
    checks = line["checks"]
    unsupported = [*checks["unsupported_numbers"], *checks["unsupported_names"]]
    return {
        **{name: line[name] for name in ("id", "source", "title", "language")},
        "published": line["reading"]["published"],
        **{f"digest_{name}": digest.get("text") for name, digest in digests.items()},
        **{f"kind_{name}": digest.get("kind") for name, digest in digests.items()},
        "target": stance["target"],
        "stance": stance["label"],
        "score": stance["scores"].get(stance["label"]),
        "coverage": line["reading"]["coverage"],
        "unsupported": "; ".join(unsupported) or None,
        "warnings": "; ".join(line["warnings"]) or None,
        "engine": line["engine"]["name"],
        "model": line["engine"]["model"],
        "error": None,
    }


def in_xml(value: str) -> str:
    """The text without characters that XML can't hold."""
    return _NOT_IN_XML.sub("\ufffd", value)
