"""Whether a policy knows what to do with every label that a model can give."""

from collections.abc import Iterator, Sequence
from itertools import chain

from tierline.data.errors import PolicyError
from tierline.data.label_book import LabelBook
from tierline.data.labels import LABELS
from tierline.models.runtime.manifest import Head
from tierline.serving.policy import Policy


def refuse_unknown_labels(policy: Policy, heads: Sequence[Head], model: str) -> None:
    """Refuse a model with labels that the policy would answer by its fallback alone.

    Issue types need a tier that owns them, severities a level. Sentiments send no ticket
    anywhere unless a rule names them, so they need nothing (see `unused_labels`), nor do heads
    that the model lacks. Labels that the policy retired are never given.

    Raises:
        PolicyError: naming the labels and what to add to the policy.
    """
    problems = [problem for head in heads for problem in _problems(policy, head)]
    if problems:
        raise PolicyError(
            f"policy {policy.version} doesn't know labels of model {model}:\n  "
            + "\n  ".join(problems)
            + "\nOr merge them into known ones in a labels file and train again: "
            "tierline train --labels FILE"
        )


def correct_labels(
    policy: Policy, heads: Sequence[Head] = (), book: LabelBook | None = None
) -> dict[str, tuple[str, ...]]:
    """Return what a correction may say, by head: every label that somebody knows.

    The vocabulary, the policy, the model that answers (its ``heads``) and the label book, which
    reads old names as new ones. What is retired and has no successor is none of them.
    """
    found = {head: dict.fromkeys(labels) for head, labels in LABELS.items()}
    found["severity"] |= dict.fromkeys(policy.severity_names)
    found["issue_type"] |= dict.fromkeys(chain(*(tier.owns for tier in policy.tiers.values())))
    found["sentiment"] |= dict.fromkeys(_sentiments(policy))
    for head in heads:
        found[head.name] |= dict.fromkeys(head.labels)
    for name, becomes in (book.becomes if book else {}).items():
        found[name] |= dict.fromkeys(chain(becomes, filter(None, becomes.values())))
    return {
        head: tuple(label for label in labels if not _gone(policy, book, head, label))
        for head, labels in found.items()
    }


def _gone(policy: Policy, book: LabelBook | None, head: str, label: str) -> bool:
    becomes = book.becomes.get(head, {}) if book else {}
    retired = policy.retired_labels.by_head().get(head, ())
    return becomes[label] is None if label in becomes else label in retired


def _sentiments(policy: Policy) -> Iterator[str]:
    """Yield the sentiments that some rule asks about."""
    for condition in policy.asking_about("sentiment"):
        yield from condition.sentiment or ()


def unused_labels(policy: Policy, heads: Sequence[Head]) -> list[str]:
    """Return a line for sentiments that are none of the defaults and that no rule asks about."""
    named = set(_sentiments(policy))
    own = [
        label
        for head in heads
        if head.name == "sentiment"
        for label in _given(policy, head)
        if label not in named and label not in LABELS["sentiment"]
    ]
    return [f"no rule asks about sentiment {', '.join(own)}: it changes no answer"] if own else []


def _problems(policy: Policy, head: Head) -> Iterator[str]:
    given = _given(policy, head)
    if not given:
        yield f"{head.name}: every label is retired; take one out of retired_labels.{head.name}"
    if head.name == "issue_type" and (types := [t for t in given if not policy.owns(t)]):
        yield f"issue types that no tier owns: {', '.join(types)}; add them to tiers.N.owns"
    unknown = [s for s in given if head.name == "severity" and policy.severity_of(s) is None]
    if unknown:
        yield (
            f"severities without a level: {', '.join(unknown)}; add them to severity_names, "
            f'such as {unknown[0]} = "P2"'
        )


def _given(policy: Policy, head: Head) -> list[str]:
    """Return the labels that an answer may carry."""
    retired = policy.retired_labels.by_head().get(head.name, ())
    return [label for label in head.labels if label not in retired]
