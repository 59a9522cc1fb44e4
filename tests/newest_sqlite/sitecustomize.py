"""Puts the SQLite of the package pysqlite3 in the place of the system's, before anything can import that one.

Python runs this module at its start when this folder is in PYTHONPATH, in child processes too; see the
Makefile's target test-newest-sqlite.
"""

import sys

import pysqlite3.dbapi2

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
