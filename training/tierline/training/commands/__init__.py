"""The commands that need the training extra; importing a module adds its commands to the app."""
