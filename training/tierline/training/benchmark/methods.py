"""The methods by name: what they are, which module runs them, what they need."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from tierline.training.benchmark.task import Method


@dataclass(frozen=True)
class Entry:
    """The module that runs a method; ``needs`` names packages beyond the training extra."""

    module: str
    needs: tuple[str, ...] = ()

    def load(self) -> Method:
        """Import the method and its libraries."""
        method: Method = import_module(f"tierline.training.benchmark.{self.module}").run
        return method

    @property
    def missing(self) -> str:
        """What to install before the method can run; empty when nothing is missing."""
        absent = [name for name in self.needs if find_spec(name) is None]
        return f"needs {', '.join(absent)}: pip install 'tierline[bench]'" if absent else ""


METHODS: Final[Mapping[str, Entry]] = {
    "tierline": Entry("method_tierline"),
    "tfidf": Entry("method_tfidf"),
    "frozen": Entry("method_frozen"),
    "setfit": Entry("method_setfit", ("setfit",)),
    "trainer": Entry("method_trainer", ("accelerate",)),
}
