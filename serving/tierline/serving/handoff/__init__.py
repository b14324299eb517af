"""The hand-off packet: all that the next team needs, or what of it is missing."""
