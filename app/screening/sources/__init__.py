"""Sources of crystals: files, archives, records, tables, and data bases asked by a query."""
