"""Reference data that ship with the product, each with its source beside it."""
