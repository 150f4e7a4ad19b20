"""What editors show of query files: completion, meanings, problems (`netproof lsp`)."""
