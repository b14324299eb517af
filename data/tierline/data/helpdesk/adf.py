"""Atlassian Document Format as plain text.

The format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure
"""

from collections.abc import Mapping
from typing import Any, Final

from tierline.data.errors import RowError

_BREAKS: Final = frozenset(
    "paragraph heading listItem codeBlock blockquote panel tableRow rule expand nestedExpand"  # noqa: SIM905
    " taskItem decisionItem caption".split()
)
_SHOWN: Final = {
    "mention": ("text",),
    "emoji": ("text", "shortName"),
    "status": ("text",),
    "inlineCard": ("url",),
    "blockCard": ("url",),
    "embedCard": ("url",),
}
_VERSION: Final = 1
#: The end of a block: a line break, unless there is one.
_END: Final = object()


def text_of(document: Mapping[str, Any]) -> str:
    """Return the words of a document in reading order; media and attachments say nothing.

    Nodes are walked without recursion, so that no nesting can exhaust the stack.

    Raises:
        RowError: for what is no document, or a document of another version.
    """
    if document.get("type") != "doc":
        raise RowError("body: expected a document of type 'doc' (Atlassian Document Format)")
    if document.get("version") != _VERSION:
        raise RowError(
            f"body: expected Atlassian Document Format version {_VERSION}; found another"
        )
    out: list[str] = []
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if node is _END:
            if out and not out[-1].endswith("\n"):
                out.append("\n")
        elif isinstance(node, str):
            out.append(node)
        elif isinstance(node, Mapping):
            kind = str(node.get("type"))
            if own := _own_text(kind, node):
                out.append(own)
            if kind in ("tableCell", "tableHeader"):
                stack.append(" ")
            elif kind in _BREAKS:
                stack.append(_END)
            content = node.get("content")
            children: list[Any] = content if isinstance(content, list) else []
            stack.extend(child for child in reversed(children) if isinstance(child, Mapping))
    return "".join(out).strip()


def _own_text(kind: str, node: Mapping[str, Any]) -> str:
    if kind == "hardBreak":
        return "\n"
    if kind == "text":
        text = node.get("text")
        return text if isinstance(text, str) else ""
    attributes = node.get("attrs")
    if not isinstance(attributes, Mapping):
        return ""
    texts = (attributes.get(name) for name in _SHOWN.get(kind, ()))
    return next((text for text in texts if isinstance(text, str) and text), "")
