"""Running programs in isolation on Linux. Knows nothing of AWS but where its runtimes look for things."""
