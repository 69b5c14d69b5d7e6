"""Worker processes: one stage each, and the supervisor that restarts them."""
