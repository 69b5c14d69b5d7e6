"""The comparisons: one function per field, listed in `catalogue.CATALOGUE`; a function's docstring is its documentation."""
