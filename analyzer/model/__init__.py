"""Frozen facts: clusters, policies, concrete connections, profiles, resolved queries.  Data only; no meaning."""
