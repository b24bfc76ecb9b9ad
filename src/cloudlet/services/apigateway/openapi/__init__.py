"""APIs as OpenAPI documents: reading Swagger 2 and OpenAPI 3 with AWS's extensions, and writing both."""
