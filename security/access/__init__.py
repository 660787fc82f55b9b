"""Access: roles, purposes, rules and the decision. The gate for views is `security.access.gate`."""
