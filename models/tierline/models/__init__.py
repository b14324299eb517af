"""What predicts: ``runtime`` answers (onnxruntime, no torch), ``encoder`` is what is trained."""
