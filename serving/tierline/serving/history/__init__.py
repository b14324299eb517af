"""Mapping what is there: a log of tickets and moves in, figures and a page out."""
