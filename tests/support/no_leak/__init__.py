"""Generated indices, decisions and requests for the no-leak law."""
