"""The retraining job: champion and challenger, the gate between them, and the way back."""
