"""The queue: which ticket comes next and why, who takes it, and what can't be served in time."""
