"""Where manifests come from: files, git, kubectl, rendering."""
