"""A pack to start from, proposed from the manifests."""
