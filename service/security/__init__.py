"""Who may do what, where: accounts, sessions, keys, roles, regions, and the one gate every request passes."""
