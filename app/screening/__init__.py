"""Many crystals through an ensemble: in batches, resumable, with an error in its own row.

`source` lists crystals, `judging` makes outcomes of them, `table` keeps those as rows, `screen`
joins the three and `ranking` reads the rows again.
"""
