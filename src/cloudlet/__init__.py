"""cloudlet: a serverless cloud on one's own machine. This package's root exports nothing but the version."""

__version__ = "0.1.0"
