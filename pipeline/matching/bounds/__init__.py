"""Upper bounds of what two entities are worth, from sketches of both: for screens, and for scores of large cases."""
