"""`netproof/evidence/2`: the index of an evidence bundle (schemas/evidence-2.json).

The same check gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

from analyzer.model.added_labels import Form, Unknown, Unwritten, Values, Words
from analyzer.model.cluster import ContainerPort
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.requests import Request, Token
from analyzer.reports.region_json import other
from analyzer.verdicts.bundle import PLACES, Bundle, Options, PackRecord, QueryRecord

SCHEMA = "netproof/evidence/2"
Json = dict[str, Any]


def render_evidence(bundle: Bundle) -> bytes:
    """One JSON object, indented, in ASCII, with a newline at its end."""
    content: Json = {
        "schema": SCHEMA,
        "versions": dict(bundle.versions),
        "options": _options(bundle.options),
        "cross_check": None,
        "assumptions": [{"name": name, "text": text} for name, text in bundle.assumptions],
        "manifests": [{"file": it.file, "bytes": it.size, "sha256": it.sha256} for it in bundle.manifests],
        "packs": [_pack(it) for it in bundle.packs],
        "queries": [_query(it) for it in bundle.queries],
        "files": dict(bundle.hashes),
    }
    if bundle.confirmed is not None:
        solver, confirmed, total = bundle.confirmed
        content["cross_check"] = {"solver": solver, "confirmed": confirmed, "total": total}
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def _options(options: Options) -> Json:
    return {
        "universe": options.universe,
        "profile": {"name": options.profile, "knobs": dict(options.knobs)},
        "pod_addresses": None if options.pod_addresses is None else list(options.pod_addresses),
        "budget": {"rlimit": options.rlimit, "seconds": options.seconds},
        "max_counterexamples": options.max_counterexamples,
        "irrelevant": list(options.irrelevant),
        "strict_cidr": options.strict_cidr,
        **({"exclude": list(options.exclude)} if options.exclude else {}),
    }


def _pack(record: PackRecord) -> Json:
    return {
        "name": record.name,
        "file": record.file,
        "parameters": dict(record.parameters),
        "path": record.path,
    }


def _query(record: QueryRecord) -> Json:
    return {
        "pack": record.pack,
        "id": record.id,
        "title": record.title,
        "text": record.text,
        "kind": record.kind.value,
        "universe": record.universe,
        "verdict": record.verdict,
        "steps": [
            {"purpose": step.purpose, "meaning": step.meaning, "expected": step.expected, "path": step.path}
            for step in record.steps
        ],
        "witnesses": [_witness(witness) for witness in record.witnesses],
    }


def _witness(witness: Connection | Pod) -> Json:
    """A connection, or the pod that refutes `is isolated`, with everything that the oracle looks at."""
    if isinstance(witness, Pod):
        return {"src": _end(witness), "dst": None, "protocol": None, "port": None}
    found: Json = {
        "src": _end(witness.src),
        "dst": _end(witness.dst),
        "protocol": witness.protocol.value,
        "port": witness.port,
    }
    found |= other(witness)
    if (way := witness.through) is not None:
        found["through"] = {"service": way.service, "address": str(way.address), "port": way.number}
    if witness.request is not None:
        found["request"] = _request(witness.request)
    return found


def _request(it: Request) -> Json:
    token = it.token
    return {
        "method": it.method,
        "path": it.path,
        "host": it.host,
        "http": it.http,
        "headers": [{"name": name, "value": value} for name, value in it.headers],
        "tls": it.tls,
        "identity": it.identity,
        "sni": it.sni,
        "dns": it.dns,
        "remote_ip": None if it.remote_ip is None else str(it.remote_ip),
        "token": None if token is None else _token(token),
    }


def _token(it: Token) -> Json:
    claims = []
    for key, value in it.claims:
        texts = [value] if isinstance(value, str) else list(value)
        claims.append({"key": key, "values": texts, "is_list": not isinstance(value, str)})
    found = {"state": it.state.value, "issuer": it.issuer, "subject": it.subject, "claims": claims}
    return {**found, "is_elsewhere": True} if it.is_elsewhere else found


def _end(end: End) -> Json:
    match end:
        case External():
            return {"kind": "external", "ip": str(end.ip)}
        case Host():
            return {"kind": "node", "name": end.name, "labels": dict(sorted(end.labels.items())), "ip": str(end.ip)}
        case Pod():
            return {
                "kind": "pod",
                "namespace": end.namespace,
                "namespace_labels": dict(sorted(end.namespace_labels.items())),
                "labels": dict(sorted(end.labels.items())),
                "ip": str(end.ip),
                "service_account": end.service_account,
                "ports": [_port(port) for port in end.ports],
                "host_network": end.host_network,
                "workload": end.workload,
                **({"unknown": [_unknown(it) for it in end.unknown]} if end.unknown else {}),
                **({"maker": end.maker} if end.maker else {}),
                **({"annotations": dict(sorted(end.annotations.items()))} if end.annotations else {}),
                **{name: told for name in PLACES if (told := getattr(end, name)) is not None},
            }


def _port(port: ContainerPort) -> Json:
    found: Json = {
        "name": port.name,
        "port": port.number,
        "protocol": port.protocol.value,
        "container": port.container.value,
    }
    if port.host_port is not None:
        found["host_port"] = port.host_port
    return found


def _values(values: Values) -> Json | str:
    match values:
        case Form():
            return values.value
        case Words():
            found = {"listed": sorted(values.listed), "is_excluded": values.is_excluded}
            return {**found, "may_be_absent": values.may_be_absent}
        case _:
            return {"low": values.low, "high": values.high}


def _unknown(labels: Unknown) -> Json:
    if isinstance(labels, Unwritten):
        return {"besides": sorted(labels.besides)}
    found: Json = {
        "keys": dict(labels.keys),
        "values": _values(labels.values),
        "is_open": labels.is_open,
        "is_unique": labels.is_unique,
    }
    found |= {"is_per_pod": True} if labels.is_per_pod else {}
    return found | ({"is_guess": True} if labels.is_guess else {})
