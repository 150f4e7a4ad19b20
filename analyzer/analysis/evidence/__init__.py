"""Bundles: made from answers, and checked again."""
