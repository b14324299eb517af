"""What decides and answers: safety rules, policy, `recommend`, backlog scoring and the API."""
