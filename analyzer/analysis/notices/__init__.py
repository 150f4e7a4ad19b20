"""What is odd about manifests and queries and yet no error (docs/notices.md)."""
