"""Whether recent tickets differ from a reference: their words, the answers, the confidence."""
