"""Key pairs for the tests; nothing here is a key of anybody."""

import pyrage


class Pair:
    """A new age key pair, with its secret half in a file.

    Args:
        folder: Where the file is made.
        name: Its name.
    """

    def __init__(self, folder, name):
        self.identity = pyrage.x25519.Identity.generate()
        self.public = str(self.identity.to_public())
        self.secret = str(self.identity)
        self.file = folder / f"{name}.key"
        self.file.touch(mode=0o600)
        self.file.write_text(f"# public key: {self.public}\n{self.secret}\n")


def stanzas(data):
    """How many recipients the header of an age file has."""
    return data.partition(b"\n--- ")[0].count(b"\n-> X25519 ")
