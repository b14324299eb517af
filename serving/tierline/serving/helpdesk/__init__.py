"""Help desks: their exports read with the policy's names, and the answers to their webhooks."""
