"""The operations of DynamoDB's API, by noun."""
