"""A bundle on disk: a folder with a manifest, a tokenizer and ONNX graphs, each hashed.

Nothing in it is pickled: JSON, ONNX and plain arrays only. A bundle that doesn't verify is refused.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from tierline.data.digest import sha256
from tierline.data.errors import BundleError
from tierline.models.runtime.manifest import MANIFEST, TOKENIZER, Manifest

_LFS_POINTER: Final = b"version https://git-lfs"


@dataclass(frozen=True)
class Bundle:
    """A verified bundle: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read the manifest and check the hash of every file it lists.

        Raises:
            BundleError: naming what is missing, altered, not downloaded, or closed to this user.
        """
        try:
            return cls._verified(folder)
        except OSError as error:
            raise BundleError(
                f"expected a model bundle that can be read; found {error.filename or folder}, "
                f"which can't ({error.strerror}): see that this user may read the folder and all "
                "in it"
            ) from None

    @classmethod
    def _verified(cls, folder: Path) -> "Bundle":
        path = folder / MANIFEST
        if not path.is_file():
            raise BundleError(
                f"expected a model bundle with a {MANIFEST}; found none in {folder}. "
                "Make one with: tierline train FILES... --out DIR"
            )
        _refuse_lfs_pointer(path)
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise BundleError(
                f"{path} is no manifest that this version reads: {where}: {first['msg']}. "
                "Train the bundle again with this version of Tierline"
            ) from None
        for name in {manifest.serves, TOKENIZER} - manifest.files.keys():
            raise BundleError(f"{path} lists no hash for {name}; train the bundle again")
        for name, expected in manifest.files.items():
            _verify(folder, name, expected)
        return cls(folder, manifest)


def _verify(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    if Path(name).name != name:
        raise BundleError(f"expected plain file names in the manifest; found {name!r}")
    if not path.is_file():
        raise BundleError(f"expected {name} in {folder}; found none: copy the whole bundle")
    _refuse_lfs_pointer(path)
    found = sha256(path)
    if found != expected:
        raise BundleError(
            f"{path} was altered: expected SHA-256 {expected[:12]}…, found {found[:12]}…. "
            "Copy the bundle again from where it was trained"
        )


def _refuse_lfs_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            raise BundleError(
                f"{path} is a Git LFS pointer, not the file itself: run 'git lfs pull'"
            )
