"""The record and how it is kept."""

from service.storage.store import EXPORTED, TRAINING_TABLES, Counts, Store, Transaction

__all__ = ["EXPORTED", "TRAINING_TABLES", "Counts", "Store", "Transaction"]
