"""API Gateway: REST APIs, from resources and methods to the stages that serve them."""
