"""Backlogs: files of tickets in, files of answers out."""
