"""Give memory back to the system that a model has left behind."""

import ctypes


def give_back() -> None:
    """Have glibc return what is free; elsewhere nothing happens.

    Loading a model beside another leaves free pages between used ones: without this a server of
    270 MB stays at 360 MB and more after the first swap.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
