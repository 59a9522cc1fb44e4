"""SQLAlchemy models drafted as DocTypes."""

import enum
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from sodaf_nb import DocTypeEngine
from sodaf_nb.doctype.drafting import draft_doctypes
from sodaf_nb.errors import UsageError


class Base(DeclarativeBase):
    pass


class Size(enum.Enum):
    small = 1
    large = 2


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    city: Mapped[str | None] = mapped_column(sa.String(140), index=True)
    notes: Mapped[str | None] = mapped_column(sa.Text)
    credit: Mapped[float | None] = mapped_column(sa.Numeric(12, 2), default=0)
    active: Mapped[bool] = mapped_column(default=True)
    size: Mapped[Size | None]
    born = mapped_column(sa.Date)
    seen = mapped_column(sa.DateTime, server_default=sa.func.now())
    visits = mapped_column(sa.BigInteger)
    ratio = mapped_column(sa.Float)
    extra = mapped_column(sa.JSON)
    token = mapped_column(sa.Uuid)
    blob = mapped_column(sa.LargeBinary)
    fine = mapped_column(sa.Numeric(30, 12))


class OrderItem(Base):
    __tablename__ = "order_items"
    order_no: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    article: Mapped[str] = mapped_column(sa.String(20))
    __table_args__ = (sa.UniqueConstraint("customer_id", "article"), sa.Index("ix", "article", "order_no"))


def fields(draft):
    return {field["fieldname"]: field for field in draft.document["fields"]}


def test_each_column_becomes_the_field_that_holds_it():
    (draft,) = draft_doctypes(Customer)
    found = fields(draft)

    assert draft.name == "Customers"
    assert "id" not in found
    assert found["name_2"] == {
        "fieldname": "name_2",
        "label": "Name",
        "fieldtype": "Data",
        "length": 80,
        "not_nullable": 1,
        "unique": 1,
    }
    assert found["city"] == {"fieldname": "city", "label": "City", "fieldtype": "Data", "search_index": 1}
    assert found["credit"]["precision"] == 2
    assert found["credit"]["default"] == "0"
    assert found["active"]["default"] == "1"
    assert found["size"]["options"] == "small\nlarge"
    kinds = {name: field["fieldtype"] for name, field in found.items()}
    assert kinds == {
        "name_2": "Data",
        "city": "Data",
        "notes": "Text",
        "credit": "Currency",
        "active": "Check",
        "size": "Select",
        "born": "Date",
        "seen": "Datetime",
        "visits": "Long Int",
        "ratio": "Float",
        "extra": "JSON",
        "token": "Text",
        "blob": "Text",
        "fine": "Data",
    }
    remarks = "\n".join(draft.remarks)
    assert "id: the key" in remarks
    assert "seen: its default is made by the server" in remarks
    assert "token:" in remarks
    assert "fine: has 12 digits" in remarks


def test_foreign_keys_become_links_and_constraints_indexes():
    drafts = {draft.name: draft for draft in draft_doctypes(Base)}

    assert fields(drafts["Order Items"])["customer_id"]["options"] == "Customers"
    assert drafts["Order Items"].document["indexes"] == [{"columns": ["customer_id", "article"], "unique": 1}]


def test_every_draft_is_a_valid_doctype_whatever_holds_the_tables():
    for source in (Base, Base.metadata, Customer, Customer.__table__):
        for draft in draft_doctypes(source):
            DocTypeEngine().register(draft.document)


def test_a_name_is_for_one_table():
    assert draft_doctypes(Customer, "Client")[0].name == "Client"
    with pytest.raises(UsageError, match="several tables"):
        draft_doctypes(Base, "Client")


def test_a_default_that_does_not_fit_is_named():
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("a", sa.String(3), default="long text"),
        sa.Column("b", sa.Uuid, default=uuid.uuid4),
    )
    (draft,) = draft_doctypes(table)

    assert "default" not in fields(draft)["a"]
    assert "a: its default 'long text' does not fit" in draft.remarks
    assert "by code" in draft.remarks[-1]
