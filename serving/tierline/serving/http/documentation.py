"""``/docs``, ``/redoc`` and ``/openapi.json``: served from this machine, or switched off."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI

from tierline.data.errors import InputError
from tierline.serving.http.field_texts import OWN, PARAMETERS, TEXTS
from tierline.serving.http.hook_bodies import BODIES

VARIABLE: Final = "TIERLINE_DOCS"


def docs_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether pages about the API are served: yes, unless TIERLINE_DOCS is off.

    Raises:
        InputError: for another value than on and off; an empty one is none.
    """
    value = environment.get(VARIABLE, "").strip().lower() or "on"
    if value not in ("on", "off"):
        raise InputError(f"{VARIABLE}: expected on or off")
    return value == "on"


def app_with_docs(docs: bool, **settings: Any) -> FastAPI:
    """Return an app whose pages need no other server; without ``docs`` it has none."""
    if not docs:
        return FastAPI(openapi_url=None, docs_url=None, redoc_url=None, **settings)
    from fastapi_offline import FastAPIOffline

    app = FastAPIOffline(**settings)
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            describe(plain())
        return plain()

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI's documentation does
    return app


def describe(schema: dict[str, Any]) -> None:
    """Add every field's meaning, and the bodies of the hooks, to an OpenAPI document."""
    for name, field, property_ in fields_of(schema):
        text = OWN.get(f"{name}.{field}") or TEXTS.get(field)
        if text is not None:
            property_.setdefault("description", text)
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if text := PARAMETERS.get(parameter["name"]):
                    parameter.setdefault("description", text)
        if body := BODIES.get(path):
            methods["post"]["requestBody"] = body


def fields_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield schema, field and property of all that an OpenAPI document defines."""
    for name, part in schema["components"]["schemas"].items():
        for field, property_ in part.get("properties", {}).items():
            yield name, field, property_
