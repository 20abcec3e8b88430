"""C and Python agree on structs and constants."""

import ctypes

import pytest

from service.llm.attention import CQueries, check_kernels
from service.llm.kernels.build import library
from service.llm.kernels.ops import LayoutMismatch, check_constants, check_struct
from service.llm.kv_cache import CPool


class Longer(ctypes.Structure):
    _fields_ = [("more", ctypes.c_int32), *CPool._fields_]


class Swapped(ctypes.Structure):
    """With two fields of different sizes in each other's place."""

    _fields_ = [*CQueries._fields_[:-4], *CQueries._fields_[-4:-2][::-1], *CQueries._fields_[-2:]]


@pytest.mark.skipif(library() is None, reason="no kernels here")
def test_other_structs_than_the_kernels_own_are_refused() -> None:
    check_kernels(library())
    for name, struct in (("pool", Longer), ("queries", Swapped), ("pool", CQueries)):
        with pytest.raises(LayoutMismatch, match=name):
            check_struct(library(), name, struct)
    with pytest.raises(LayoutMismatch, match="no table layout_unknown"):
        check_struct(library(), "unknown", CPool)


@pytest.mark.skipif(library() is None, reason="no kernels here")
@pytest.mark.parametrize(
    "changed", [{"block": 32}, {"max_head_dim": 128}, {"alignment": 4}], ids=str
)
def test_other_constants_than_the_kernels_own_are_refused(changed: dict[str, int]) -> None:
    same = {"block": 16, "max_head_dim": 256, "alignment": 16}
    check_constants(library(), **same)
    with pytest.raises(LayoutMismatch, match="vectors"):
        check_constants(library(), **(same | changed))
