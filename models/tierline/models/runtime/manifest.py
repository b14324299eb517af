"""A bundle's manifest: everything learned that isn't a weight, in one JSON file."""

import hashlib
import json
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tierline.models.runtime.certificate import Certificate
from tierline.models.runtime.strangeness import OUT_OF_DISTRIBUTION, UNSUPPORTED_LANGUAGE

FORMAT: Final = 1
#: The format of bundles with an n-gram model.
FORMAT_NGRAMS: Final = 2
#: The format of bundles whose n-grams answer plain tickets alone.
FORMAT_FAST: Final = 3
MANIFEST: Final = "manifest.json"
TOKENIZER: Final = "tokenizer.json"
ONNX_FP32: Final = "model.fp32.onnx"
ONNX_INT8: Final = "model.int8.onnx"
NGRAMS: Final = "ngrams.npz"
STRANGENESS: Final = "strangeness.npz"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Head(_Strict):
    """One question: its labels in logit order, and the temperature its logits are divided by.

    ``quantile`` is that of the answer where the labels run from worst to mildest, None where the
    likeliest label answers (see `decide`).
    """

    name: str
    labels: tuple[str, ...] = Field(min_length=2)
    temperature: float = Field(gt=0)
    quantile: float | None = Field(default=None, gt=0, lt=1)

    @field_validator("labels")
    @classmethod
    def _each_once(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"expected every label once; found twice: {', '.join(twice)}")
        return labels


class Fast(_Strict):
    """When the n-grams answer alone, and with what (see `FastStage`).

    ``bias`` (labels,) and ``temperatures`` (heads,) are the stage's own. It answers where each
    head's answer is at least ``confidence`` likely and each label in ``watched``, numbered as the
    logits are, is less likely than ``incident``. ``alpha`` is the share of tickets that it may be
    expected to get wrong, in each head, where the encoder is right; of ``count`` calibration
    tickets these were ``misses``, in the head with the largest share. ``answered`` is the share of
    the calibration tickets that it answers.
    """

    bias: tuple[float, ...]
    temperatures: tuple[float, ...]
    confidence: float = Field(ge=0, le=1)
    watched: tuple[int, ...]
    incident: float = Field(ge=0, le=1)
    alpha: float = Field(gt=0, lt=1)
    misses: int = Field(ge=0)
    count: int = Field(ge=1)
    answered: float = Field(ge=0, le=1)

    @property
    def statement(self) -> str:
        """What the stage does and risks, in words."""
        return (
            f"the n-grams alone answer {self.answered:.0%} of the calibration tickets: those of "
            f"whose labels they are sure by {self.confidence:.2f}, with no incident near. In each "
            f"head at most {self.alpha * 100:.3g}% of all tickets are expected to get a wrong "
            f"label by that where the encoder is right ({self.misses} of {self.count} calibration "
            "tickets did)"
        )


class Manifest(_Strict):
    """What a bundle says of itself.

    ``thresholds``: ``low_confidence.<head>`` (review below it), ``ambiguous`` (review when the
    answer isn't likelier than every other label by as much), ``out_of_distribution`` and
    ``unsupported_language`` (review when the prediction's score of that name is above it),
    ``safety.<label>`` and ``caution.p1`` (the model's own triggers at or above them). All are
    probabilities but the two that limit scores.
    ``format`` is 2 where an n-gram model adds to the logits, 3 where it also answers alone
    (``fast``): earlier versions must refuse it. ``bias`` is that of all logits, the n-gram model's
    included where ``files`` lists one. ``ngram_scales`` (labels,) is by what the n-gram model's
    part is multiplied beside the encoder; by 1 when absent.
    ``metrics`` and ``data`` are for people and reports; answering doesn't use them.
    """

    format: Literal[1, 2, 3]
    name: str
    created_at: str
    tierline_version: str
    encoder: str
    max_tokens: int = Field(ge=8, le=512)
    heads: tuple[Head, ...] = Field(min_length=1)
    bias: tuple[float, ...]
    serves: Literal["model.fp32.onnx", "model.int8.onnx"]
    thresholds: dict[str, float]
    data: dict[str, Any]
    metrics: dict[str, Any]
    certificate: Certificate | None = None
    ngram_scales: tuple[float, ...] | None = None
    fast: Fast | None = None
    files: dict[str, str]

    @field_validator("thresholds")
    @classmethod
    def _probabilities(cls, thresholds: dict[str, float]) -> dict[str, float]:
        distances = {OUT_OF_DISTRIBUTION, UNSUPPORTED_LANGUAGE}
        for name, limit in thresholds.items():
            if name not in distances and not 0 <= limit <= 1:
                raise ValueError(f"expected {name} from 0 to 1, as a probability; found {limit}")
        return thresholds

    @model_validator(mode="after")
    def _one_bias_per_label(self) -> "Manifest":
        labels = sum(len(head.labels) for head in self.heads)
        if len(self.bias) != labels:
            raise ValueError(f"expected a bias for each of {labels} labels; found {len(self.bias)}")
        if self.ngram_scales is not None and len(self.ngram_scales) != labels:
            raise ValueError(
                f"expected a scale for each of {labels} labels; found {len(self.ngram_scales)}"
            )
        return self

    @model_validator(mode="after")
    def _fast_fits(self) -> "Manifest":
        fast, labels = self.fast, len(self.bias)
        if fast is not None and (
            NGRAMS not in self.files
            or (len(fast.bias), len(fast.temperatures)) != (labels, len(self.heads))
            or not set(fast.watched) <= set(range(labels))
        ):
            raise ValueError(
                f"expected a fast stage beside {NGRAMS}, with a bias for each of {labels} labels, "
                f"a temperature for each of {len(self.heads)} heads and watched labels among these"
            )
        return self

    @property
    def version(self) -> str:
        """The name with the first 12 digits of a hash over weights, heads and thresholds."""
        hashed = {
            "heads", "serves", "thresholds", "files", "max_tokens", "ngram_scales", "fast"
        }  # fmt: skip
        parts = self.model_dump(include=hashed, exclude_none=True)
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-{digest[:12]}"
