"""Tierline beside what people would use instead: same rows, same run, several seeds, one table."""
