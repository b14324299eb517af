"""The templates of messages: packaged ones, replaced file by file by a folder of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tierline.data.errors import InputError
from tierline.serving.messages.message import Form, Kind

if TYPE_CHECKING:
    from jinja2 import Environment

LAYOUT: Final = "layout.html"
PHRASES: Final = "phrases.j2"
#: The files of one language.
FILES: Final = (PHRASES, *(f"{kind}.j2" for kind in Kind))
_NO_TEMPLATES: Final = frozenset({"README.md"})


@dataclass(frozen=True)
class Template:
    """One file: its name such as ``de/progress.j2``, where it is, and what it says."""

    name: str
    place: str
    source: str


class Templates:
    """Compiled templates. They can call nothing of Python's: the environment is a sandbox."""

    def __init__(self, files: Mapping[str, Template]) -> None:
        self.files = files
        self.languages = tuple(sorted({n.partition("/")[0] for n in files if "/" in n}))
        self.environment = _environment(files)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Templates":
        """Return the packaged templates, with those that the folder has in their place.

        Raises:
            InputError: for a file that is broken, unknown, or states a time; with its line.
        """
        from tierline.serving.messages.checks import check

        files = _packaged()
        own = {} if folder is None else _own(folder)
        templates = cls(files | own)
        check(templates, own)
        return templates

    def message(self, language: str, kind: Kind, words: Mapping[str, Any]) -> "Said":
        """Return one message, ready to be said in any of its parts."""
        template = self.environment.get_template(f"{language}/{kind}.j2")
        return Said(template.make_module(dict(words)))

    def page(self, language: str, subject: str, paragraphs: list[str]) -> str:
        """Return a mail as HTML; everything that is put into it is escaped."""
        layout = self.environment.get_template(LAYOUT)
        return layout.render(language=language, subject=subject, paragraphs=paragraphs)


class Said:
    """One message for one case."""

    def __init__(self, module: object) -> None:
        self._module = module

    def part(self, name: str) -> list[str]:
        """Return the paragraphs of one part: a `Form`, or ``subject``."""
        text: str = getattr(self._module, name)()
        return [" ".join(p.split()) for p in _paragraphs(text)]


def _paragraphs(text: str) -> list[str]:
    lines = (line.strip() for line in text.strip().splitlines())
    blocks = "\n".join(lines).split("\n\n")
    return [block for block in blocks if block.strip()]


def _environment(files: Mapping[str, Template]) -> "Environment":
    try:
        import babel  # noqa: F401
        from jinja2 import FunctionLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise InputError(
            "messages need Jinja2 and Babel: pip install 'tierline[messages]'"
        ) from None

    def source(name: str) -> tuple[str, str | None, None] | None:
        file = files.get(name)
        return None if file is None else (file.source, file.place, None)

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html"),
    )


def _packaged() -> dict[str, Template]:
    root = resources.files(__package__) / "templates"
    names = [LAYOUT]
    names += [f"{f.name}/{name}" for f in root.iterdir() if f.is_dir() for name in FILES]
    return {name: Template(name, name, (root / name).read_text("utf-8")) for name in names}


def _own(folder: Path) -> dict[str, Template]:
    """Return the files of a folder of one's own; a name that means nothing is a slip."""
    if not folder.is_dir():
        raise InputError(f"--templates: expected a folder; found none at {folder}")
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith(".") or name in _NO_TEMPLATES:
            continue
        if name != LAYOUT and not (name.count("/") == 1 and path.name in FILES):
            raise InputError(
                f"{path}: expected {LAYOUT}, or LANGUAGE/ with {', '.join(FILES)}; found {name}"
            )
        try:
            found[name] = Template(name, str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: can't be read as UTF-8: {error}") from None
    return found


#: What a message's file must say.
PARTS: Final = ("subject", *map(str, Form))
