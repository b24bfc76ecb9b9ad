"""DynamoDB's place, taken by one operation that tells of things."""
