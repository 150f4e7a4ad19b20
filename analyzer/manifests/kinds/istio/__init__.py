"""Istio's kinds, as istiod's admission reads them (istio.md)."""
