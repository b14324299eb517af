"""Answer with a trained bundle; needs onnxruntime, tokenizers and numpy only."""

from tierline.models.runtime.bundle import Bundle
from tierline.models.runtime.manifest import Head, Manifest
from tierline.models.runtime.prediction import Evidence, HeadPrediction, Prediction
from tierline.models.runtime.predictor import Predictor

__all__ = [
    "Bundle",
    "Evidence",
    "Head",
    "HeadPrediction",
    "Manifest",
    "Prediction",
    "Predictor",
]
