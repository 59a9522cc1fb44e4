"""How Sphinx builds the guides: `make docs`."""

from importlib.metadata import version as installed

project = "sodaf_nb"
author = "the sodaf_nb authors"
version = release = installed("sodaf_nb")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "sodaf_nb"
exclude_patterns = ["_build"]

# The docstrings are Markdown in spirit: `name` is code, not a reference to be resolved.
default_role = "code"
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_rtype = False
