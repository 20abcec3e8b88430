"""How a function of the kernels is called: tensors by address, whole numbers in 64 bits."""

import ctypes

import torch
from torch import Tensor

from service.llm.kernels.build import library


def call(name: str, *given: object) -> None:
    """Call the function `name`, which returns nothing; anything else is handed on as it is.

    The tensors must be what the function reads and writes: nothing is checked here.
    """
    getattr(library(), name)(*map(_as_c, given))


def _as_c(one: object) -> object:
    if isinstance(one, Tensor):
        return ctypes.c_void_p(one.data_ptr())
    return ctypes.c_int64(one) if isinstance(one, int) else one


def is_plain(tensor: Tensor) -> bool:
    """Whether the kernels can read it, as far as its type goes."""
    return tensor.device.type == "cpu" and tensor.dtype == torch.float32
