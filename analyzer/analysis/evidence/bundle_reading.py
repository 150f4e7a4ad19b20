"""The index of an evidence bundle, read with distrust: whoever hands it over may have written it by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, TypeVar

from analyzer.errors import InputError, Problem
from analyzer.model.added_labels import Form, Numbers, Unknown, Unwritten, Values, Varying, Words
from analyzer.model.claims import Kind
from analyzer.model.cluster import ContainerKind, ContainerPort
from analyzer.model.endpoints import Connection, End, External, Host, Pod, Through
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.policies import Protocol
from analyzer.model.requests import Request, Token, TokenState
from analyzer.sets import other_protocols
from analyzer.verdicts.bundle import (
    INDEX,
    MARKER_LINE,
    MARKER_STEM,
    PATH,
    PLACES,
    REPORT,
    Bundle,
    Options,
    PackRecord,
    QueryRecord,
    StepRecord,
)
from analyzer.verdicts.provenance import ManifestRecord

T = TypeVar("T")


def parse_bundle(data: bytes) -> Bundle:
    """The bundle that an `evidence.json` is.  InputError, naming the field, for anything else."""
    root = _parsed(data, INDEX)
    schema = root["schema"].text
    if schema != MARKER_LINE:
        way_out = "; write the bundle anew with `netproof check … --evidence DIR`"
        raise root["schema"].fault(f"is not `{MARKER_LINE}`{way_out if schema.startswith(MARKER_STEM) else ''}")
    return Bundle(
        versions=root["versions"].texts_by_name,
        options=_options(root["options"]),
        assumptions=root["assumptions"].each(lambda it: (it["name"].text, it["text"].text)),
        manifests=root["manifests"].each(
            lambda it: ManifestRecord(it["file"].text, it["bytes"].number, it["sha256"].text)
        ),
        packs=root["packs"].each(
            lambda it: PackRecord(it["name"].text, it["file"].text, it["parameters"].texts_by_name, it["path"].place)
        ),
        queries=root["queries"].each(_query),
        hashes=root["files"].texts_by_name,
        confirmed=_confirmed(root["cross_check"]),
    )


def _confirmed(it: _Field) -> tuple[str, int, int] | None:
    return None if it.is_null else (it["solver"].text, it["confirmed"].number, it["total"].number)


def verdicts_in(report: bytes) -> dict[tuple[str, str], str]:
    """The verdicts of a check/2 report, by query file and id.  InputError if it is none."""
    root = _parsed(report, REPORT)
    return {
        (file, id): verdict
        for file, id, verdict in root["queries"].each(lambda it: (it["file"].text, it["id"].text, it["verdict"].text))
    }


def _parsed(data: bytes, file: str) -> _Field:
    try:
        return _Field(json.loads(data), "", file)
    except (ValueError, RecursionError) as error:
        raise _fault(file, "", "is not JSON") from error


def _options(it: _Field) -> Options:
    addresses = it["pod_addresses"]
    return Options(
        universe=it["universe"].text,
        profile=it["profile"]["name"].text,
        knobs=it["profile"]["knobs"].texts_by_name,
        pod_addresses=None if addresses.is_null else addresses.each(lambda a: a.text),
        rlimit=it["budget"]["rlimit"].number,
        seconds=it["budget"]["seconds"].number,
        max_counterexamples=it["max_counterexamples"].number,
        irrelevant=it["irrelevant"].each(lambda k: k.text),
        strict_cidr=it["strict_cidr"].truth,
        exclude=it["exclude"].each(lambda k: k.text) if "exclude" in it else (),
    )


def _query(it: _Field) -> QueryRecord:
    return QueryRecord(
        pack=it["pack"].text,
        id=it["id"].text,
        title=it["title"].text,
        text=it["text"].text,
        kind=it["kind"].made(Kind),
        universe=it["universe"].text,
        verdict=it["verdict"].text,
        steps=it["steps"].each(_step),
        witnesses=it["witnesses"].each(_witness),
    )


def _step(it: _Field) -> StepRecord:
    return StepRecord(it["purpose"].text, it["meaning"].text, it["expected"].text, it["path"].place)


def _witness(it: _Field) -> Connection | Pod:
    src = _end(it["src"])
    if it["dst"].is_null:
        if not isinstance(src, Pod):
            raise it["src"].fault("is no pod")
        for name in ("protocol", "port"):
            if not it[name].is_null:
                raise it[name].fault("is not null, and a pod alone has none")
        return src
    port = None if it["port"].is_null else it["port"].number
    through = _through(it["through"]) if "through" in it else None
    request = _request(it["request"]) if "request" in it else None
    number = _number(it["other"]) if "other" in it else None
    return Connection(src, _end(it["dst"]), it["protocol"].made(Protocol), port, through, request, number)


def _number(it: _Field) -> int:
    """Which protocol without ports."""
    numbers = other_protocols.read_term(it.text)
    if numbers is None or [low for low, _ in numbers] != [high for _, high in numbers] or len(numbers.intervals) != 1:
        raise it.fault("names no single protocol without ports")
    return next(iter(numbers))[0]


def _request(it: _Field) -> Request:
    return Request(
        method=_text_or_none(it["method"]),
        path=it["path"].text,
        host=_text_or_none(it["host"]),
        http=it["http"].number,
        headers=it["headers"].each(lambda header: (header["name"].text, header["value"].text)),
        tls=it["tls"].text,
        identity=_text_or_none(it["identity"]),
        sni=_text_or_none(it["sni"]),
        dns=_text_or_none(it["dns"]) if "dns" in it else None,
        token=None if it["token"].is_null else _token(it["token"]),
        remote_ip=None if it["remote_ip"].is_null else it["remote_ip"].made(ip_address),
    )


def _token(it: _Field) -> Token:
    claims = []
    for claim in it["claims"].each(lambda claim: claim):
        values = claim["values"].each(lambda value: value.text)
        if not values:
            raise claim["values"].fault("is empty")
        claims.append((claim["key"].text, values if claim["is_list"].truth else values[0]))
    is_elsewhere = "is_elsewhere" in it and it["is_elsewhere"].truth
    subject = _text_or_none(it["subject"])
    return Token(it["state"].made(TokenState), it["issuer"].text, subject, tuple(claims), is_elsewhere)


def _text_or_none(it: _Field) -> str | None:
    return None if it.is_null else it.text


def _through(it: _Field) -> Through:
    return Through(it["service"].text, it["address"].made(ip_address), it["port"].number)


def _end(it: _Field) -> End:
    address = it["ip"].made(ip_address)
    match it["kind"].text:
        case "external":
            return External(address)
        case "node":
            return Host(None if it["name"].is_null else it["name"].text, _labels(it["labels"]), address)
        case "pod":
            return Pod(
                namespace=it["namespace"].text,
                namespace_labels=_labels(it["namespace_labels"]),
                labels=_labels(it["labels"]),
                ip=address,
                service_account=it["service_account"].text,
                ports=it["ports"].each(_port),
                host_network=it["host_network"].truth,
                workload=None if it["workload"].is_null else it["workload"].text,
                unknown=it["unknown"].each(_unknown) if "unknown" in it else (),
                maker=it["maker"].text if "maker" in it else "",
                annotations=_labels(it["annotations"]) if "annotations" in it else NO_LABELS,
                **{name: it[name].text for name in PLACES if name in it},
            )
        case _:
            raise it["kind"].fault("is no kind of end")


def _unknown(it: _Field) -> Unknown:
    if "besides" in it:
        return Unwritten(frozenset(it["besides"].each(lambda key: key.text)))
    values = _values(it["values"])
    more = {name: it[name].truth for name in ("is_per_pod", "is_guess") if name in it}
    return Varying(it["keys"].texts_by_name, values, it["is_open"].truth, it["is_unique"].truth, **more)


def _values(it: _Field) -> Values:
    if "low" in it:
        return Numbers(it["low"].number, None if it["high"].is_null else it["high"].number)
    if "listed" in it:
        listed = frozenset(it["listed"].each(lambda value: value.text))
        return Words(listed, it["is_excluded"].truth, it["may_be_absent"].truth)
    return it.made(Form)


def _port(it: _Field) -> ContainerPort:
    kind = it["container"].made(ContainerKind)
    at_host = it["host_port"].number if "host_port" in it else None
    return ContainerPort(it["name"].text, it["port"].number, it["protocol"].made(Protocol), kind, at_host)


def _labels(it: _Field) -> Labels:
    return Labels(dict(it.texts_by_name))


def _fault(file: str, path: str, what: str) -> InputError:
    place = f"`{path}` " if path else ""
    hint = "write the bundle again: `netproof check … --evidence DIR`"
    return InputError([Problem(file, 0, 0, f"{place}{what}", hint)])


class _Field:
    """A value of the index and where it stands.  Each reading raises InputError unless the value is of its kind."""

    def __init__(self, value: Any, path: str, file: str) -> None:
        self._value, self._path, self._file = value, path, file

    def fault(self, what: str) -> InputError:
        return _fault(self._file, self._path, what)

    def __getitem__(self, name: str) -> _Field:
        if not isinstance(self._value, Mapping):
            raise self.fault("is no object")
        path = f"{self._path}.{name}" if self._path else name
        if name not in self._value:
            raise _fault(self._file, path, "is missing")
        return _Field(self._value[name], path, self._file)

    def __contains__(self, name: str) -> bool:
        return isinstance(self._value, Mapping) and name in self._value

    def each(self, read: Callable[[_Field], T]) -> tuple[T, ...]:
        if not isinstance(self._value, list):
            raise self.fault("is no list")
        fields = (_Field(value, f"{self._path}[{i}]", self._file) for i, value in enumerate(self._value))
        return tuple(read(field) for field in fields)

    @property
    def is_null(self) -> bool:
        return self._value is None

    @property
    def text(self) -> str:
        if not isinstance(self._value, str):
            raise self.fault("is no text")
        return self._value

    @property
    def place(self) -> str:
        """A place in a bundle: never one outside."""
        if not PATH.fullmatch(self.text):
            raise self.fault("is no place in a bundle")
        return self.text

    @property
    def number(self) -> int:
        if not isinstance(self._value, int | float) or isinstance(self._value, bool) or self._value != self._value // 1:
            raise self.fault("is no whole number")
        return int(self._value)

    @property
    def truth(self) -> bool:
        if not isinstance(self._value, bool):
            raise self.fault("is neither true nor false")
        return self._value

    @property
    def texts_by_name(self) -> tuple[tuple[str, str], ...]:
        if not isinstance(self._value, Mapping):
            raise self.fault("is no object")
        return tuple((name, self[name].text) for name in self._value)

    def made(self, make: Callable[[str], T]) -> T:
        """What `make` makes of the text, unless it raises ValueError."""
        try:
            return make(self.text)
        except ValueError:
            raise self.fault(f"cannot be `{self.text[:40]}`") from None
