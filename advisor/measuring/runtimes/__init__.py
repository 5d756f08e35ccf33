"""What can serve a network: one module a runtime, and what they share."""
