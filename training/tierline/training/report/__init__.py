"""The evaluation report: one self-contained page for people, and the same as JSON."""
