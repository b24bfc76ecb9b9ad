"""The operations of API Gateway's control plane, a module a noun."""
