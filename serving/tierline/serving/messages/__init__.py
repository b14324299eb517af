"""Messages to customers: from templates, with no time in them that the policy doesn't give."""
