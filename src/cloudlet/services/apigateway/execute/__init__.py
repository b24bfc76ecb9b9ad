"""The data planes of API Gateway: what happens to a request that reaches a deployed stage."""
