"""Who may see what (disclosure.md): everything that leaves is decided here, and nowhere else. Pure."""
