"""CloudFormation's API, a module a noun."""
