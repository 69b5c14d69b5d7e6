"""What operators look at: lag, freshness, accounting, and a process's own port."""
