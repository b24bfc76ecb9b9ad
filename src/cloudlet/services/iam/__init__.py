"""IAM: users, groups, roles, policies and keys."""
