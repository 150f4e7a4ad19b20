"""What people write in place of the language, and the nearest form that the language has."""

from analyzer.language.teaching.nearest_form import taught

__all__ = ["taught"]
