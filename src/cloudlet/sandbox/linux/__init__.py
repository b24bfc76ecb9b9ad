"""The kernel's calls that Python does not offer, by ctypes. No policy; nothing but the standard library."""
