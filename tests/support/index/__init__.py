"""Elasticsearch in memory, traced or one that asks who one is, and real documents to fill it with."""
