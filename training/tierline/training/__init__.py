"""What learns: fit, evaluate, track and promote models. Needs the extra ``train``."""
