"""Learnt transliteration between Latin and other scripts: training, n-best Latin forms, and likelihood ratios.

A corridor (corridors.py) is a script with a model trained on pairs of names (tools/model_building; Wikidata, CC0).
The model is a set of counts of aligned units: which letters stand for which sounds, in which neighbourhood, both ways.
"""
