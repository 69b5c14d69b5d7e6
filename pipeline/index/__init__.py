"""The Elasticsearch edge: mappings, bulk writer, queries as functions that return dicts."""
