"""Who may see what (docs/disclosure.md): everything that leaves is decided here, and nowhere else. Pure."""
