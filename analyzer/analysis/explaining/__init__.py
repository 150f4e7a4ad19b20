"""Why one end can or cannot reach another."""
