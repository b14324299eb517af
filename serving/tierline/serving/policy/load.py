"""The default policy, overridden by a file."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tierline.data.errors import PolicyError
from tierline.serving.policy.model import Policy


def toml_of_default() -> str:
    """Return the default policy's file, comments and all."""
    return resources.files(__package__).joinpath("default.toml").read_text("utf-8")


def load_policy(path: Path | None = None) -> Policy:
    """Return the default policy, overridden by the file when one is given.

    Raises:
        PolicyError: naming the key's path, what was expected and what was found.
    """
    return _checked(policy_content(path), str(path or "default policy"))


def policy_content(path: Path | None) -> dict[str, Any]:
    """Return the default policy's content, overridden by the file's, unchecked.

    Raises:
        PolicyError: when the file is no TOML.
    """
    own: dict[str, Any] = {}
    if path is not None:
        try:
            own = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise PolicyError(f"{path}: can't be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: expected TOML in UTF-8: {error}") from None
    return _merged(tomllib.loads(toml_of_default()), own)


def policy_from(content: dict[str, Any], name: str) -> Policy:
    """Return a policy from its content as plain data, such as a store keeps.

    What this version of Tierline asks of policies beyond that is taken from the default policy.

    Raises:
        PolicyError: naming the key's path, what was expected and what was found.
    """
    try:
        return Policy.model_validate(content)
    except ValidationError:
        return _checked(_merged(tomllib.loads(toml_of_default()), content), name)


def _checked(content: dict[str, Any], name: str) -> Policy:
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        lines = [_problem(dict(e)) for e in error.errors()]
        raise PolicyError(f"{name}:\n  " + "\n  ".join(lines)) from None


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {
        k: _merged(base[k], own[k])
        for k in base.keys() & own.keys()
        if isinstance(base[k], dict) and isinstance(own[k], dict)
    }
    return base | own | both


def _problem(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]") or "policy"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; see 'tierline policy show --toml' for those that exist"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}"
