"""Answering under load: threads, limits, a model that is swapped, and what is measured."""
