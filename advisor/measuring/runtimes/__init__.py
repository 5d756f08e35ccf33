"""What can serve a network: one module a library, and what they share."""
