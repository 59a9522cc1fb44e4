"""The comparison engine: names of DocTypes in, differences out."""

import pytest

from sodaf_nb.diff import Answers, SchemaComparisonEngine
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DocTypeNotFoundError, UsageError
from sodaf_nb.schema import Schema
from tests.diff.making import names, schema


class Catalog:
    """A database that counts how often its catalog is read."""

    def __init__(self, *tables):
        self.read = 0
        self.tables = tables

    def reflect(self) -> Schema:
        self.read += 1
        return schema(*self.tables)


def field(name, **attributes):
    return {"fieldname": name, "fieldtype": "Data", **attributes}


def engine(*live, **doctypes):
    loaded = DocTypeEngine()
    for name, attributes in doctypes.items():
        loaded.register({"doctype": "DocType", "name": name, "fields": [field("city")], **attributes})
    database = Catalog(*live)
    return SchemaComparisonEngine(database, loaded), loaded, database


def test_a_doctype_without_a_table_is_new():
    comparison, loaded, _database = engine(Customer={})
    assert comparison.compare_schema("Customer").created == loaded.wanted_table("Customer")


def test_a_doctype_that_matches_has_no_changes():
    _comparison, loaded, _database = engine(Customer={})
    comparison = SchemaComparisonEngine(Catalog(loaded.wanted_table("Customer")), loaded)
    assert not comparison.compare_schema("Customer").has_changes


def test_an_unknown_doctype_is_an_error():
    with pytest.raises(DocTypeNotFoundError):
        engine()[0].compare_schema("Ghost")


@pytest.mark.parametrize(("kind", "reason"), [("issingle", "tabSingles"), ("is_virtual", "virtual DocType")])
def test_a_doctype_without_a_table_of_its_own_says_why(kind, reason):
    comparison, _loaded, database = engine(Settings={kind: 1})
    found = comparison.compare_schema("Settings")
    assert (found.has_changes, reason in found.reason, reason in found.empty_text()) == (False, True, True)
    assert database.read == 0


def test_hints_in_the_doctype_are_heard():
    _old, old, _ = engine(Client={})
    live = old.wanted_table("Client")
    town = {"fields": [field("town", renamed_from="city")], "renamed_from": "Client"}
    found = engine(live, Customer=town)[0].compare_schema("Customer")
    assert (found.renamed_from, found.renamed_columns[0].old, found.created) == ("tabClient", "city", None)


def test_answers_are_doctype_names_and_fields():
    _old, old, _ = engine(Client={})
    comparison, _loaded, _database = engine(old.wanted_table("Client"), Customer={"fields": [field("town")]})
    answers = Answers(renamed_from="Client", field_renames={"city": "town"})
    found = comparison.compare_schema("Customer", answers)
    assert (found.renamed_from, found.renamed_columns[0].new) == ("tabClient", "town")
    dropped = comparison.compare_schema("Customer", Answers(renamed_from="Client", drop_removed=True))
    assert names(dropped.removed_columns) == ["city"]


def test_all_doctypes_are_compared_from_one_reading_of_the_catalog():
    comparison, _loaded, database = engine(Customer={}, Note={}, Settings={"issingle": 1})
    assert {n: d.has_changes for n, d in comparison.compare_all_schemas().items()} == {
        "Customer": True,
        "Note": True,
        "Settings": False,
    }
    assert database.read == 1


def test_a_schema_that_was_read_before_is_used():
    comparison, loaded, database = engine(Customer={})
    assert not comparison.compare_schema("Customer", live=schema(loaded.wanted_table("Customer"))).has_changes
    assert database.read == 0


def test_a_former_name_that_is_nowhere_is_refused_with_what_there_is():
    comparison, loaded, _database = engine(Customer={}, Client={})
    live = Catalog(loaded.wanted_table("Customer"))
    with pytest.raises(UsageError, match=r"There is no table tabCustomr") as caught:
        SchemaComparisonEngine(live, loaded).compare_schema("Client", Answers(renamed_from="Customr"))
    assert caught.value.hint == (
        "did you mean Customer? there are Customer; to make a new table, leave renamed_from out"
    )
    with pytest.raises(UsageError, match="there is none"):
        comparison.compare_schema("Client", Answers(renamed_from="Customr"))


def test_a_former_name_given_again_after_the_rename_is_no_mistake():
    _comparison, loaded, _database = engine(Client={})
    live = Catalog(loaded.wanted_table("Client"))
    assert (
        not SchemaComparisonEngine(live, loaded).compare_schema("Client", Answers(renamed_from="Customer")).has_changes
    )


def test_a_former_name_in_the_doctype_is_remarked_on_only_while_it_explains_a_new_table():
    _comparison, loaded, _database = engine(Client={"renamed_from": "Customr"}, Customer={})
    nowhere = SchemaComparisonEngine(Catalog(loaded.wanted_table("Customer")), loaded).compare_schema("Client")
    assert nowhere.created is not None
    (remark,) = nowhere.notes()
    assert remark.startswith("renamed_from: there is no table tabCustomr, so tabClient is a new, empty table;")
    assert remark.endswith("did you mean Customer? there are Customer.")
    done = SchemaComparisonEngine(Catalog(loaded.wanted_table("Client")), loaded).compare_schema("Client")
    assert done.notes() == []


def test_links_to_what_is_not_loaded_are_remarked_on():
    link = field("buyer", fieldtype="Link", options="Person")
    comparison, loaded, _database = engine(Order={"fields": [link]})
    assert comparison.compare_schema("Order").notes() == ["Named by Link or Table fields, but not loaded: Person."]
    loaded.register({"name": "Person", "fields": []})
    assert comparison.compare_schema("Order").notes() == []
