"""The comparisons, a module a field (names: a package), each with all that is known of it.

Levels with their m, u and h and where these come from; `compare`, whose docstring is its documentation; what a sketch
holds of the field (`encode`), and the bound that two sketches give. catalogue.CATALOGUE finds them.
"""
