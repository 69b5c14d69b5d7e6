"""Who takes part: agencies, their keys and credentials, and their removal."""
