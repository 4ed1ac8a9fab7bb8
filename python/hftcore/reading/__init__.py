"""How rows of strangers become events: sources, columns, cells, price grids, merging. The face is ``hftcore.readers``."""
