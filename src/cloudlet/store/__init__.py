"""The engines behind cloudlet.core.store."""
