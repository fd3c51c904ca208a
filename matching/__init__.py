"""The core of OneMonth: values in, values out. No web, no database, no clock, no randomness of its own."""
