"""The search indexes: built anew, and swept."""
