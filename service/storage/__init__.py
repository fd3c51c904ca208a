"""The record and how it is kept."""

from service.storage.store import EXPORTED, TRAINING_TABLES, Store
from service.storage.transactions import Counts, Transaction
from service.storage.vault import Identity, Vault

__all__ = ["EXPORTED", "TRAINING_TABLES", "Counts", "Identity", "Store", "Transaction", "Vault"]
