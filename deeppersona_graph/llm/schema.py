"""The JSON schema of an answer, in the strict form that structured outputs accept.

Strict means: every object is closed, every property required, no defaults, and a reference stands alone. The
titles that pydantic makes up are left away: they tell a model nothing and are paid for; so are the least
lengths of texts, which not every endpoint takes and which are checked when an answer is read.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydantic import BaseModel

_LEFT_AWAY = {"default", "title", "minLength"}
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]")


def answer_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """The strict schema of an answer model. Raises `TypeError` where the model allows extra fields."""
    return _schemas(answer)[0]


def schema_text(answer: type[BaseModel]) -> str:
    """The schema in one canonical line: part of a request's key, and shown where schemas are not accepted."""
    return _schemas(answer)[1]


def schema_name(answer: type[BaseModel]) -> str:
    """The name an endpoint knows the schema by: at most 64 plain characters."""
    return _NOT_A_NAME.sub("_", answer.__name__)[:64]


@cache
def _schemas(answer: type[BaseModel]) -> tuple[dict[str, Any], str]:
    if answer.model_config.get("extra") != "forbid":
        raise TypeError(f"{answer.__name__} is no answer model: it must forbid extra fields")
    schema = answer.model_json_schema()
    definitions = schema.pop("$defs", {})
    strict: dict[str, Any] = _strict(schema, definitions)
    if definitions:
        strict["$defs"] = {name: _strict(body, definitions) for name, body in definitions.items()}
    return strict, json.dumps(strict, ensure_ascii=False, sort_keys=True)


def _strict(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and len(node) > 1:
        referred = definitions[node["$ref"].rpartition("/")[2]]
        return _strict(
            {**referred, **{key: value for key, value in node.items() if key != "$ref"}}, definitions
        )
    closed = {
        key: _strict_member(key, value, definitions) for key, value in node.items() if key not in _LEFT_AWAY
    }
    if "properties" in closed:
        closed["additionalProperties"] = False
        closed["required"] = list(closed["properties"])
    return closed


def _strict_member(key: str, value: Any, definitions: dict[str, Any]) -> Any:
    """A property may be called anything, `default` too; so the names of properties are passed over."""
    if key == "properties":
        return {name: _strict(body, definitions) for name, body in value.items()}
    return value if key in ("enum", "const") else _strict(value, definitions)
