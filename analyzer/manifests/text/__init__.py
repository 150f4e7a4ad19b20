"""Text to nodes: YAML and JSON, with the place of every node."""
