import gzip

import pytest

from service.checks.build_dictionary import entries, main, table
from service.checks.dictionary import FILE

LINES = [
    "# CC-CEDICT\n",
    "議會 议会 [yi4 hui4] /parliament; legislative assembly/CL:個|个[ge4]/\n",
    "行 行 [hang2] /row; line/\n",
    "行 行 [xing2] /to walk (old)/see also 行走[xing2 zou3]/\n",
    "卡拉OK 卡拉OK [ka3 la1 O K] /karaoke (loanword)/\n",
    "女 女 [nu:3] /female/\n",
]


def test_a_word_has_its_simplified_form_its_stems_and_its_readings() -> None:
    found = entries(LINES)
    assert list(found["议会"][0]) == ["parliament", "legisl", "assembl"]
    assert list(found["行"][0]) == ["row", "line", "walk"]
    assert list(found["行"][1]) == ["hang", "xing"]
    assert list(found["女"][1]) == ["nv"]
    assert "卡拉OK" not in found  # its Latin letters are compared as they are


def test_the_table_names_its_source() -> None:
    head, *lines = (line for line in table(entries(LINES)).splitlines())
    assert "CC-CEDICT" in head
    assert "议会\tparliament legisl assembl\t" in lines


@pytest.mark.slow
def test_the_kept_file_is_made_from_the_dictionary() -> None:
    before = FILE.read_bytes()
    main()
    assert gzip.decompress(FILE.read_bytes()) == gzip.decompress(before)
    assert b"CC BY-SA" in before or b"by-sa" in gzip.decompress(before)[:500]
