"""Links as the demo finds them."""
