"""Other servers around a bundle's weights, for `tierline load-test --api`."""
