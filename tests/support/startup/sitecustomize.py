"""Imported by each framework interpreter that a test starts, by its place in PYTHONPATH.

An import of the framework makes a million objects that stay. Python's garbage collector goes over them again and
again, which is a fifth of the seconds that the import takes; 50,000 new objects instead of 700 call it seldom enough.
"""

import gc

gc.set_threshold(50_000)
