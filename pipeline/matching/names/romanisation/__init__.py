"""Names in other scripts as a reader of Latin letters finds them in documents: one form, to show, never to compare."""
