"""Answering speed beside what people would use instead: same weights, same texts, same cores."""
