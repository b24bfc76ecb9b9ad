"""API Gateway: REST, HTTP and WebSocket APIs and the data planes that serve them."""
