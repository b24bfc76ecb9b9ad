"""Running functions: router, concurrency, pool, environment, Runtime API, logs."""
