"""The cloudlet command."""
