"""Elasticsearch in memory or traced, and real documents to fill it with."""
