"""Who takes a ticket: teams, exclusions, the assessment, and what would change the answer."""
