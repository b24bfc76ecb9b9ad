"""PartiQL: statements parsed, and turned into the reads and writes that DynamoDB has anyway."""
