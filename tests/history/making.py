"""Short ways to records and to a database on disk."""

from sodaf_nb.history import MigrationRecord


def record(migration_id="01J0000000000000000000000A", **attributes):
    given = {
        "id": migration_id,
        "doctype": "Customer",
        "version": 0,
        "timestamp": "2024-02-29T12:30:45+00:00",
        "sql": ("ALTER TABLE x ADD COLUMN y",),
        "rollback_sql": ("ALTER TABLE x DROP COLUMN y",),
        "status": "applied",
        "applied_by": "ann",
        "execution_time": 1.5,
        "affected_rows": 3,
        "backup_path": None,
        "error": None,
        "rollback_info": {"plan": {"$": "Plan"}},
        "fingerprint_before": "f00d",
        "fingerprint_after": "cafe",
        "plan_id": "beef",
        "environment": {"sqlite": "3.40.1"},
        "metadata": {"summary": ["+ city"]},
    }
    return MigrationRecord(**{**given, **attributes})
