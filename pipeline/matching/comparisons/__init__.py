"""The comparisons: one function per field, listed in `catalogue.CATALOGUE`, whose docstring is its documentation."""
