"""Calico's kinds, projectcalico.org/v3 and its stored form crd.projectcalico.org/v1 (calico-cilium.md 1.1)."""
