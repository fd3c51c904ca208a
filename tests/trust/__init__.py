"""What the software promises about trust, as figures with their counts: run by ``make trust`` in full, by the tests in short form.

A check is a function of a :class:`Ground` that yields :class:`Figure`; it registers itself with ``@check`` in a module named in
``MODULES``. A figure holds when everything that was tried came out as promised.
"""
