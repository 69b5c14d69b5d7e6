"""What correlation is given."""
