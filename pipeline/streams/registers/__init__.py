"""Compacted topics that are read whole: generations, agencies, revocations, and their seals."""
