"""The cells of the notebooks that a person works through in the tests and in the pictures."""

LIBRARY = """
%load_ext sodaf_nb
%migrate sample library
%migrate connect library.db --create
%migrate doctypes load library/v1
%migrate apply --all
%migrate sample --rows
%migrate doctypes load library/v2
library = get_ipython().run_line_magic("migrate", "connect library.db")
with library.database.write() as session:
    session.execute("UPDATE tabBook SET isbn = NULL WHERE isbn = '' OR name IN ('BOOK-0024', 'BOOK-0031')");
"""

PANEL = "panel = %migrate panel Book --drop-removed\npanel"

GATE = "panel.require_applied()\nprint('the gate is open')"

# A shop whose names and rows would run in a page that does not escape them.
HOSTILE = """
import time
import sodaf_nb as sn

EVIL = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"
db, doctypes = sn.Database("sqlite:///shop-{name}.db"), sn.DocTypeEngine()

def wanted(*fields):
    doctypes.register({"name": "Customer", "fields": [{"fieldname": n, "fieldtype": t} for n, t in fields]})

def slow(what, done, total):
    if not what.startswith("rehearse"):
        time.sleep(1.5)

applier = sn.MigrationApplier(db, doctypes, sn.ApplyOptions(backup_dir="backups-{name}", progress=slow))
wanted(("city", "Data"), ("age", "Data"))
applier.sync_doctype("Customer")
with db.write() as session:
    for row in (("C1", EVIL, "41"), (EVIL, "Rome", EVIL)):
        session.execute('INSERT INTO "tabCustomer" (name, city, age) VALUES (?, ?, ?)', row)
wanted(("city", "Data"), ("age", "Int"), ("phone", "Data"))
"""


def hostile(name: str) -> str:
    """Return the cell that makes the shop, in files of that name."""
    return HOSTILE.replace("{name}", name)
