"""Key Management Service: keys, their policies and aliases, and what is encrypted with them."""
