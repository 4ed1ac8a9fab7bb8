"""Servers that hftcore starts on this machine: their processes and ports. What they serve is others' matter."""
