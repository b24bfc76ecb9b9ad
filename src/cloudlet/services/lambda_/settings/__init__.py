"""Function URLs, provisioned concurrency and code signing: what they are, and where they are kept."""
