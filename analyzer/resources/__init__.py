"""Find the grammar and the built-in packs, in a wheel or in a checkout."""

from analyzer.resources.locator import grammar_tables, grammar_text, packs_dir

__all__ = ["grammar_tables", "grammar_text", "packs_dir"]
