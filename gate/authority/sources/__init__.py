"""Sources of an import: tables in files and databases, read row by row and checked."""
