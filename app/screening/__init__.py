"""Screening of many crystals: on all cores or a cluster, resumable, with an error in its own row.

`sources` list crystals, `judging` makes outcomes of them, `run` shares them out and keeps what is
done, `table` writes rows, `ranking` reads them again.
"""
