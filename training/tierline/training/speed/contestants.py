"""What answers the texts: libraries around the same fine-tuned weights, and Tierline itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tierline.data.normalise import plain_text
from tierline.data.ticket import Ticket
from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.calibration import decide, softmax
from tierline.models.runtime.graph import CONTRIBUTIONS, Device, gpu_session
from tierline.models.runtime.heads import head_columns
from tierline.models.runtime.manifest import ONNX_FP32, Head
from tierline.models.runtime.predictor import Predictor
from tierline.serving.policy import load_policy
from tierline.training.speed.backlog import BacklogScorer
from tierline.training.speed.restore import Restored, restore

#: Labels of every ticket by head; a method that answers one head only has that one.
Answers = Mapping[str, Sequence[str]]
#: Answers tickets; what was loaded before the clock ran is inside.
Answerer = Callable[[Sequence[Ticket]], Answers]
_ONE_HEAD: Final = "issue_type"
#: The contestant that is worth timing where the bundle has a fast stage.
ENCODER_ONLY: Final = "tierline, encoder only"
#: The contestant that is worth timing where the bundle's own graph is another.
FP32: Final = "tierline fp32"
#: The contestant that needs a policy for the bundle's labels.
WHOLE: Final = "tierline score"


@dataclass(frozen=True)
class Setting:
    """The bundle to answer with, the threads to use, and the batch size of those that have one.

    ``policy`` is the file of the one that decides, the default policy if None. ``device`` computes
    the encoder.
    """

    folder: Path
    threads: int
    batch: int
    policy: str | None = None
    device: Device = Device.CPU


def tierline(setting: Setting) -> Answerer:
    """The bundle as it ships, with evidence, calibration, n-gram model and strangeness."""
    return _predictor(Bundle.load(setting.folder), setting)


def tierline_score(setting: Setting) -> Answerer:
    """The whole job, from file to file: safety rules, tiers and reasons with the answers."""
    policy = load_policy(Path(setting.policy) if setting.policy else None)
    predictor = Predictor.load(setting.folder, setting.threads, setting.device)
    return BacklogScorer(policy, predictor, processes=setting.threads)


def tierline_encoder(setting: Setting) -> Answerer:
    """The same without the n-grams' own answers, where the bundle has such a stage."""
    return _predictor(Bundle.load(setting.folder), setting, whole=True)


def tierline_fp32(setting: Setting) -> Answerer:
    """The same again with the fp32 graph, where the bundle ships the int8 one."""
    bundle = Bundle.load(setting.folder)
    manifest = bundle.manifest.model_copy(update={"serves": ONNX_FP32})
    return _predictor(Bundle(bundle.folder, manifest), setting, whole=True)


def _predictor(bundle: Bundle, setting: Setting, *, whole: bool = False) -> Answerer:
    predictor = Predictor(bundle, setting.threads, setting.device)

    def answer(tickets: Sequence[Ticket]) -> Answers:
        found = predictor.predict(tickets, whole=whole)
        heads = [h.name for h in bundle.manifest.heads]
        return {name: [p.heads[name].label for p in found] for name in heads}

    return answer


def onnxruntime(setting: Setting) -> Answerer:
    """The fp32 graph in batches as they come, padded to their longest text."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = setting.threads
    bundle = Bundle.load(setting.folder)
    path = bundle.folder / ONNX_FP32
    if setting.device is Device.CUDA:
        session = gpu_session(path)
    else:
        providers = ["CPUExecutionProvider"]
        session = ort.InferenceSession(str(path), options, providers=providers)
    tokenizer = restore(bundle).tokenizer
    bias = np.asarray(bundle.manifest.bias, np.float32)

    def logits(texts: list[str]) -> NDArray[np.float32]:
        given = tokenizer(texts, padding=True, truncation=True, return_tensors="np")
        feed = {name: given[name].astype(np.int64) for name in ("input_ids", "attention_mask")}
        found: NDArray[np.float32] = session.run([CONTRIBUTIONS], feed)[0].sum(axis=1) + bias
        return found

    return _in_batches(bundle, setting, logits)


def pipeline(setting: Setting) -> Answerer:
    """``transformers.pipeline("text-classification")`` on torch, every label's logit asked for."""
    import transformers

    torch.set_num_threads(setting.threads)
    bundle = Bundle.load(setting.folder)
    restored = restore(bundle)
    pipe = transformers.pipeline(
        "text-classification",
        model=_classifier(restored),
        tokenizer=restored.tokenizer,
        function_to_apply="none",
        top_k=None,
        batch_size=setting.batch,
        device=setting.device.value,
    )
    columns = {f"LABEL_{i}": i for i in range(len(restored.bias))}

    def answer(tickets: Sequence[Ticket]) -> Answers:
        found = pipe([plain_text(t) for t in tickets], truncation=True)
        logits = np.zeros((len(found), len(columns)), np.float32)
        for row, scores in zip(logits, found, strict=True):
            for score in scores:
                row[columns[score["label"]]] = score["score"]
        return _labels(bundle, logits)

    return answer


def sentence_transformers(setting: Setting) -> Answerer:
    """``SentenceTransformer.encode`` and scikit-learn's logistic regression for every head."""
    torch.set_num_threads(setting.threads)
    bundle = Bundle.load(setting.folder)
    restored = restore(bundle)
    body = _sentence_transformer(restored, setting.device)
    heads = _regressions(bundle, restored)

    def answer(tickets: Sequence[Ticket]) -> Answers:
        texts = [plain_text(t) for t in tickets]
        vectors = body.encode(texts, batch_size=setting.batch, show_progress_bar=False)
        return {name: model.predict(vectors).tolist() for name, model in heads.items()}

    return answer


def setfit(setting: Setting) -> Answerer:
    """``SetFitModel.predict`` for one head, the issue type: SetFit has one head per model."""
    from setfit import SetFitModel

    torch.set_num_threads(setting.threads)
    bundle = Bundle.load(setting.folder)
    restored = restore(bundle)
    heads = _regressions(bundle, restored)
    name = _ONE_HEAD if _ONE_HEAD in heads else next(iter(heads))
    model = SetFitModel(_sentence_transformer(restored, setting.device), heads[name])

    def answer(tickets: Sequence[Ticket]) -> Answers:
        texts = [plain_text(t) for t in tickets]
        found = model.predict(texts, batch_size=setting.batch, show_progress_bar=False)
        return {name: [str(label) for label in found]}

    return answer


CONTESTANTS: Final[Mapping[str, Callable[[Setting], Answerer]]] = {
    "transformers.pipeline": pipeline,
    "sentence-transformers": sentence_transformers,
    "setfit": setfit,
    "onnxruntime": onnxruntime,
    FP32: tierline_fp32,
    ENCODER_ONLY: tierline_encoder,
    "tierline": tierline,
    WHOLE: tierline_score,
}
#: Those whose speed depends on a batch size.
BATCHED: Final = frozenset(CONTESTANTS) - {"tierline", FP32, ENCODER_ONLY, WHOLE}


def _in_batches(
    bundle: Bundle, setting: Setting, logits: Callable[[list[str]], NDArray[np.float32]]
) -> Answerer:
    def answer(tickets: Sequence[Ticket]) -> Answers:
        texts = [plain_text(t) for t in tickets]
        starts = range(0, len(texts), setting.batch)
        return _labels(
            bundle, np.concatenate([logits(texts[i : i + setting.batch]) for i in starts])
        )

    return answer


def _labels(bundle: Bundle, logits: NDArray[np.float32]) -> Answers:
    return {
        head.name: [head.labels[i] for i in _decided(head, logits[:, part])]
        for head, part in head_columns(bundle.manifest.heads)
    }


def _decided(head: Head, logits: NDArray[np.float32]) -> NDArray[np.intp]:
    return decide(softmax(logits, head.temperature), head.quantile)


def _classifier(restored: Restored) -> Any:
    """Return mean pooling and the heads as a transformers model with one row of logits."""
    import transformers
    from transformers.modeling_outputs import SequenceClassifierOutput

    class MeanPooled(transformers.PreTrainedModel):  # type: ignore[misc]
        config_class = transformers.BertConfig
        _supports_sdpa = True  # the encoder's default attention stays the fast one

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.encoder = restored.encoder
            self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)

        def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            pooled = (states * mask).sum(dim=1) / mask.sum(dim=1)
            return SequenceClassifierOutput(logits=self.classifier(pooled))

    config = restored.encoder.config
    config.num_labels = len(restored.bias)
    model = MeanPooled(config)
    with torch.no_grad():
        model.classifier.weight.copy_(torch.tensor(restored.heads))
        model.classifier.bias.copy_(torch.tensor(restored.bias))
    return model.eval()


def _sentence_transformer(restored: Restored, device: Device) -> Any:
    """Return the encoder with mean pooling, as sentence-transformers saves such models."""
    from tempfile import TemporaryDirectory

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    with TemporaryDirectory() as folder:
        restored.encoder.save_pretrained(folder)
        restored.tokenizer.save_pretrained(folder)
        words = Transformer(folder, max_seq_length=restored.tokenizer.model_max_length)
        pooling = Pooling(restored.encoder.config.hidden_size, pooling_mode="mean")
        return SentenceTransformer(modules=[words, pooling], device=device.value)


def _regressions(bundle: Bundle, restored: Restored) -> dict[str, Any]:
    """Return a logistic regression per head that holds the head's weights."""
    from sklearn.linear_model import LogisticRegression

    found = {}
    for head, part in head_columns(bundle.manifest.heads):
        model = LogisticRegression()
        model.coef_, model.intercept_ = restored.heads[part], restored.bias[part]
        model.classes_ = np.asarray(head.labels)
        found[head.name] = model
    return found
