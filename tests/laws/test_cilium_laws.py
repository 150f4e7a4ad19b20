"""Cilium's pipeline: encoding and map say of a connection what the oracle says of it, whatever the policies are."""

from dataclasses import replace

from cilium import cilium_clusters, cilium_profiles
from hypothesis import given, settings
from hypothesis import strategies as st
from own_policies import (
    SMALL,
    every_witness_is_one_in_the_oracle,
    oracle_and_encoding_agree,
    the_map_agrees_with_the_oracle,
    what_is_newly_allowed_is_so_in_the_oracle,
)

from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile


@settings(SMALL, max_examples=60)
@given(st.data())
def test_oracle_and_encoding_agree(data: st.DataObject) -> None:
    oracle_and_encoding_agree(data, data.draw(cilium_clusters()), data.draw(cilium_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data())
def test_every_witness_is_one_in_the_oracle(data: st.DataObject) -> None:
    every_witness_is_one_in_the_oracle(data, data.draw(cilium_clusters()), data.draw(cilium_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data())
def test_what_is_newly_allowed_is_so_in_the_oracle(data: st.DataObject) -> None:
    one, other = (data.draw(cilium_clusters()) for _ in range(2))
    what_is_newly_allowed_is_so_in_the_oracle(data, one, other, data.draw(cilium_profiles()))


@settings(SMALL, max_examples=40)
@given(cilium_clusters(), cilium_profiles())
def test_the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    """Where no policy selects nodes: these a map does not judge."""
    the_map_agrees_with_the_oracle(cluster, replace(profile, enable_host_firewall=False))
