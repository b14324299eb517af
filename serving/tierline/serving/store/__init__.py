"""What Tierline remembers: decisions, corrections, locks, exclusions and outcomes in a database."""
