"""What commands give to other tools and take from them; in a package of its own, for it needs the whole core."""
