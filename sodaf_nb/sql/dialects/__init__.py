"""One module family a dialect."""
