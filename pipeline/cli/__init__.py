"""The `liaison` command: one module for each group of commands."""
