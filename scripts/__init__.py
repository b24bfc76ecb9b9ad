"""The commands of scripts/ that are written in Python."""
