"""`cloudlet exec`: runs any program so that AWS's names lead to a cloud, and nothing of the machine changes.

The command itself becomes the program, in namespaces of its own; a relay stays outside and carries bytes.
"""
