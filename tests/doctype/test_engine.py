"""The set of loaded DocTypes."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import DocTypeNotFoundError, InvalidDocTypeError
from tests.doctype.making import doctype, field


def engine_of(*sources):
    engine = DocTypeEngine()
    for source in sources:
        engine.register(source)
    return engine


def test_registering_again_replaces():
    engine = engine_of(doctype(field("a")), doctype(field("b")))
    assert [f.fieldname for f in engine.get("Customer").fields] == ["b"]
    assert len(engine) == 1


def test_refused_registration_keeps_the_earlier_one():
    engine = engine_of(doctype(field("a")))
    with pytest.raises(InvalidDocTypeError):
        engine.register(doctype(field("a b")))
    assert engine.get("Customer").fields[0].fieldname == "a"


def test_it_is_a_collection():
    engine = engine_of(doctype(name="B"), doctype(name="A"))
    assert engine.names() == ("A", "B")
    assert [d.name for d in engine] == ["A", "B"]
    assert ("A" in engine, "C" in engine, 7 in engine, len(engine)) == (True, False, False, 2)


@pytest.mark.parametrize("wrong", ["customer", "Custommer", "Customers"])
def test_unknown_name_gets_a_suggestion(wrong):
    with pytest.raises(DocTypeNotFoundError, match=r"did you mean 'Customer'\?"):
        engine_of(doctype()).get(wrong)


def test_unknown_name_without_neighbour():
    with pytest.raises(
        DocTypeNotFoundError, match=r"No DocType 'X\\x1b' is loaded\. Hint: load its JSON first: doctypes\.load"
    ):
        DocTypeEngine().get("X\x1b")


def test_unregister_forgets():
    engine = engine_of(doctype())
    assert engine.unregister("Customer").name == "Customer"
    with pytest.raises(DocTypeNotFoundError):
        engine.unregister("Customer")


@pytest.mark.parametrize("call", ["wanted_table", "references_to", "get", "unregister"])
def test_unknown_name_raises_everywhere(call):
    with pytest.raises(DocTypeNotFoundError):
        getattr(DocTypeEngine(), call)("Gone")


def test_targets_come_first():
    engine = engine_of(
        doctype(
            field("customer", "Link", options="Customer"), field("rows", "Table", options="Order Item"), name="Order"
        ),
        doctype(field("item", "Link", options="Zebra"), name="Order Item", istable=1),
        doctype(name="Customer"),
        doctype(field("tags", "Table MultiSelect", options="Zed"), name="Zebra"),
        doctype(name="Zed", istable=1),
        doctype(field("kind", "Data", options="Order"), name="Alone"),
    )
    assert engine.dependency_order() == ("Alone", "Customer", "Zed", "Zebra", "Order Item", "Order")


def test_order_does_not_depend_on_registration():
    sources = [doctype(field("x", "Link", options=t), name=n) for n, t in ("AB", "BC", "CA", "DA")]
    assert engine_of(*sources).dependency_order() == engine_of(*reversed(sources)).dependency_order() == tuple("CBAD")


def test_chain_longer_than_the_recursion_limit():
    names = [f"D{i:04}" for i in range(1500)]
    engine = engine_of(*(doctype(field("n", "Link", options=t), name=n) for n, t in pairwise(names)))
    assert engine.dependency_order() == tuple(reversed(names[:-1]))


def test_references_to_a_doctype():
    engine = engine_of(
        doctype(
            field("rows", "Table", options="Item"),
            field("tags", "Table MultiSelect", options="Tag"),
            field("lost", "Table", options="Not Loaded"),
            field("ghosts", "Table", options="Ghost"),
            name="Order",
        ),
        doctype(name="Item", istable=1),
        doctype(name="Tag", istable=1),
        doctype(name="Ghost", istable=1, is_virtual=1),
        doctype(name="Foreign Item", istable=1),
        doctype(
            field("kind", "Link", options="DocType"),
            field("computed", "Link", options="DocType", is_virtual=1),
            field("subject_type", "Select", options="Order\nItem"),
            field("subject", "Dynamic Link", options="subject_type"),
            field("other", "Link", options="Order"),
            name="Comment",
        ),
        doctype(field("kind", "Link", options="DocType"), name="Settings", issingle=1),
    )
    shared = (("tabComment", "kind"), ("tabComment", "subject_type"))
    assert engine.references_to("Order") == (*shared, ("tabItem", "parenttype"), ("tabTag", "parenttype"))
    assert engine.references_to("Item") == shared


def test_threads_may_share_an_engine():
    engine = DocTypeEngine()

    def work(i):
        name = f"D{i % 20}"
        engine.register(doctype(field("f"), name=name))
        return [d.name for d in engine], engine.dependency_order(), engine.wanted_table(name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(400)))
    assert len(engine) == 20
