"""The kernel's own calls that Python does not offer, by ctypes. No policy here, and nothing but the standard library."""
