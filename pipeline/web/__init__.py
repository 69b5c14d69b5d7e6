"""The pages that investigators and operators use, on the same application as the API."""
