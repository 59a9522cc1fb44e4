"""What the applier returns. Nothing that differs from run to run is in a repr."""

from sodaf_nb.results.disk import DiskSpace
from sodaf_nb.results.dry_run import DryRunResult
from sodaf_nb.results.migration import BatchMigrationResult, MigrationResult, Outcome
from sodaf_nb.results.through import BatchDryRunResult

__all__ = ["BatchDryRunResult", "BatchMigrationResult", "DiskSpace", "DryRunResult", "MigrationResult", "Outcome"]
