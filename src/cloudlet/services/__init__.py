"""One package per AWS service. A service imports core and itself, never another service."""
