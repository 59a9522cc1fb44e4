"""All features."""

from tests.torture import features_file, features_objects, features_table
from tests.torture.model import Change, Feature

FEATURES = (*features_objects.FEATURES, *features_table.FEATURES, *features_file.FEATURES)


def fits(feature: Feature, change: Change) -> bool:
    """Return False for a drop where the feature's own columns, which have no field, would go as well."""
    drops = any(edit.new is None for edit in change.edits)
    return not (drops and any(" AS (" not in column for column in feature.columns))
