"""`tierline load-test`: how a running server answers under load."""
