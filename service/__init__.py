"""The shell: web, storage, clock, disk."""
