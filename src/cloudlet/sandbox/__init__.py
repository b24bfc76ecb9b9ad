"""Running programs in isolation on Linux. Knows nothing of AWS."""
