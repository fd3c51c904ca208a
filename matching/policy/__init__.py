"""The policy book: dated, sourced rows, resolved for a place and a day."""
