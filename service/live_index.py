"""The newest index, renewed row by row when the store has moved on."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from matching.policy.load import PolicyBook
from service.index import Index
from service.index_reading import index_of, joined
from service.index_tables import pieces_on, rows_touched, whole_record
from service.storage.store import Store
from service.storage.transactions import Reader


class LiveIndex:
    """Holds the newest index; the first caller after a change renews it, the others wait for the same one."""

    def __init__(self, store: Store, policy: Callable[[date], PolicyBook]) -> None:
        self._store = store
        self._policy = policy
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._writes: Mapping[str, int] = {}
        self._views: dict[tuple[str, ...], Index] = {}

    def at(self, as_of: date, heads: tuple[str, ...] = ()) -> Index:
        """Return the index of a day as the store stands now, with the people of some regions (empty: of all)."""
        index = self._whole(as_of)
        if not heads:
            return index
        view = self._views.get(heads)
        if view is None or (view.version, view.as_of) != (index.version, index.as_of):
            view = self._views[heads] = index.limited_to(heads)
        return view

    def _whole(self, as_of: date) -> Index:
        with self._store.reading() as reader:
            held, change = self._index, reader.change()
        if held is not None and held.as_of == as_of and held.version >= change:
            return held
        with self._lock, self._store.reading() as reader:
            held = self._index
            if held is None or held.as_of != as_of or held.version < reader.change():
                held = self._index = self._renewed(reader, held, as_of)
                self._views.clear()
            return held

    def _renewed(self, reader: Reader, held: Index | None, as_of: date) -> Index:
        change, before, now = reader.change(), self._writes, reader.writes()
        self._writes = now
        touched = None if held is None or held.as_of != as_of else reader.touched_since(held.version)
        if held is None or touched is None:
            return index_of(whole_record(reader), change, as_of, self._policy(as_of))
        if not any(touched.values()):
            return replace(held, version=change)
        stale = pieces_on({name for name, n in now.items() if n != before.get(name)})
        rows = rows_touched(reader, touched, held, stale)
        return joined(held, index_of(rows, change, as_of, held.policy, beside=held, stale=stale), rows)
