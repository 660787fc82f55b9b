"""Users, roles, the decision, factors, sealing and keys, sessions, delivery."""
