"""How rows of strangers become events: sources, columns, cells, price grids, merging. See ``hftcore.readers``."""
