"""The comparisons: catalogue.py has them all on one page, with their levels and where m, u and h come from.

comparison.py says what a comparison is made of. A module a field compares what takes more than a few lines, and
`..._rows` say what a sketch holds of fields (`encode`) and how two sketches bound their comparison.
"""
