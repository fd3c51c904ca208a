"""Trained models: data sets, the ranker, its evaluation, registry and simulation (not ORM models, which live in service)."""
