"""Cilium's kinds, cilium.io/v2 (calico-cilium.md 2.2)."""
