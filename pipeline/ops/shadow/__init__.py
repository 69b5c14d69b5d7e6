"""A second model over the same cases, compared with the one in use."""
