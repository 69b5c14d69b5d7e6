"""Names: levels and comparison, what a sketch holds of a person's name, and the bound."""
