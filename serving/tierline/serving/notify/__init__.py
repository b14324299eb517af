"""Tell people of an escalation, by Apprise's URLs; an answer never waits for it."""
