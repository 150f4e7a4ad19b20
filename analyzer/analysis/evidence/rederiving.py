"""A bundle checked against the manifests that it speaks of: its questions asked again, its witnesses decided again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.analysis.checking.check import Progress, check
from analyzer.analysis.checking.premises import unbroken
from analyzer.analysis.evidence.bundling import bundled
from analyzer.analysis.evidence.recheck import Asked, file_of, verdicts_of
from analyzer.errors import InputError, InternalError, Problem
from analyzer.judging import Setting
from analyzer.judging.judge import question_of, replay_of
from analyzer.judging.mediated import mediated
from analyzer.judging.replay import AnotherRequest, Replay, UnconfirmedError
from analyzer.language import parse_pack, parse_query
from analyzer.model.claims import Kind, Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.enforcing import as_enforced
from analyzer.model.profile import PROFILES
from analyzer.semantics.some_request import TooManyRequestsError
from analyzer.sets import AddressSet
from analyzer.solving import Budget
from analyzer.verdicts import Answer, Status
from analyzer.verdicts.bundle import INDEX, Bundle, Options, sha256
from analyzer.verdicts.rechecked import Check, Finding


def match_manifests(bundle: Bundle, given: Mapping[str, bytes]) -> tuple[Check, tuple[tuple[str, bytes], ...]]:
    """Whether the files given have the contents that were read, whatever they are called now; and those contents by
    their recorded names, in their order."""
    by_hash: dict[str, list[str]] = {}
    for name, data in given.items():
        by_hash.setdefault(sha256(data), []).append(name)
    found, wrong = [], []
    for record in bundle.manifests:
        names = by_hash.get(record.sha256, [])
        if names:
            name = names.pop(names.index(record.file) if record.file in names else 0)
            found.append((record.file, given[name]))
            if len(given[name]) != record.size:
                wrong.append(f"{record.file} has {len(given[name])} bytes, not {record.size}")
        else:
            wrong.append(f"{record.file} as it was read is not among them")
    wrong += [f"{name} was not read then" for names in by_hash.values() for name in names]
    text = f"{len(found)} of {len(bundle.manifests)} have the content that was read"
    return Check.of("manifests", text, wrong), tuple(found)


def packs_of(bundle: Bundle, files: Mapping[str, bytes]) -> tuple[Pack, ...]:
    """The queries that were asked, from the query files in the bundle.  InputError where they cannot be read."""
    found = []
    for record in bundle.packs:
        try:
            text = files.get(record.path, b"").decode("utf-8")
        except UnicodeDecodeError:
            raise InputError([Problem(record.path, 0, 0, "this file is not UTF-8 text")]) from None
        found.append(parse_pack(text, record.file, dict(record.parameters)))
    claims = tuple(parse_query(query.text, query.id) for query in bundle.queries if not query.pack)
    return (*found, *([Pack("command line", "", claims)] if claims else []))


def setting_of(options: Options) -> Setting:
    """How the questions were asked.  InputError for what no command line could have said."""
    try:
        profile = PROFILES[options.profile]
        for knob, value in options.knobs:
            profile = profile.with_recorded(knob, value)
        addresses = None if options.pod_addresses is None else AddressSet.of(*options.pod_addresses)
        budget = Budget(max(1, options.rlimit), options.seconds)
        return Setting(
            Universe(options.universe), profile, addresses, budget, options.max_counterexamples, keeps_steps=True
        )
    except (KeyError, ValueError) as error:
        raise InputError([Problem(INDEX, 0, 0, f"`options` say what cannot be: {error}")]) from None


def replay_witnesses(bundle: Bundle, cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Check:
    """Each witness breaks its claim in the oracle, on the cluster that the recorded manifests are."""
    cluster = as_enforced(cluster, setting.profile)
    asked = {(query.source.file, query.id): (query, pack) for pack in packs for query in pack.queries}
    wrong, count = [], 0
    for record in bundle.queries:
        found = asked.get(file_of(bundle, record))
        for place, witness in enumerate(record.witnesses, 1):
            count += 1
            if found is None:
                wrong.append(f"{record.id}: no query of the bundle is called so")
                continue
            query, pack = found
            question = question_of(cluster, query, unbroken(cluster, pack.assumptions), setting)
            replay = replay_of(*mediated(cluster, question))
            if said := _objection(witness, query.claim.kind, replay):
                wrong.append(f"{record.id}: witness {place}: {said}")
    text = f"{count - len(wrong)} of {count} witnesses break their claims in the oracle"
    return Check.of("witnesses", text, wrong)


def _objection(witness: Connection | Pod, kind: Kind, replay: Replay) -> str:
    """What the oracle has to say against a witness."""
    if isinstance(witness, Pod) != (kind is Kind.ISOLATED):
        return "it is none for a claim of this kind"
    try:
        if isinstance(witness, Pod):
            replay.pod(witness, "")
        else:
            replay.connection(witness, allowed=kind is not Kind.EVERY, bundle="")
    except InternalError as error:
        return str(error)
    except AnotherRequest:
        return "the oracle finds a request that gets through"
    except (UnconfirmedError, TooManyRequestsError):
        return "the oracle cannot tell"
    return ""


def ask_again(
    bundle: Bundle,
    cluster: Cluster,
    packs: Sequence[Pack],
    setting: Setting,
    render: Callable[[Answer], bytes],
    progress: Progress | None = None,
    solvers: Collection[str] = (),
) -> Check:
    """Whether the manifests and the query files give the recorded verdicts, and the same scripts, report and index;
    `render` makes a report of an answer, `solvers` may be asked again what they confirmed.

    The versions that a bundle names excuse nothing: what comes out otherwise and is said to be of other versions may
    be forged, or may be theirs, which cannot be told here.
    """
    second = bundle.confirmed[0] if bundle.confirmed is not None else None
    asked = second if second in solvers else None
    answer = check(cluster, packs, setting=setting, progress=progress, second_solver=asked)
    again = bundled(
        answer,
        setting,
        render(replace(answer, cross_check=None)),
        bundle.manifests,
        packs,
        lambda path, data: None,
        irrelevant=bundle.options.irrelevant,
        strict_cidr=bundle.options.strict_cidr,
        exclude=bundle.options.exclude,
    )
    old = verdicts_of(bundle)
    wrong, open_ = _other_verdicts(old, answer)
    text = f"{len(old) - len(wrong) - len(open_)} of {len(old)} verdicts come out of the manifests again"
    then, now = dict(bundle.hashes), dict(again.hashes)
    changed = sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path))
    others = [*(f"{path} is not what they give" for path in changed), *_other_words(bundle, again)]
    open_ += _other_versions(bundle, again)
    if second != asked:
        open_.append(f"what {second} confirmed takes --cross-check {second} to tell")
    (open_ if open_ else wrong).extend(others)
    text += f", and {sum(then.get(path) == script for path, script in now.items())} of {len(then)} files"
    finding = Finding.FAILS if wrong else Finding.UNDECIDED if open_ else Finding.HOLDS
    return Check("questions", finding, text, (*wrong, *open_))


def _other_verdicts(old: Mapping[Asked, str], answer: Answer) -> tuple[list[str], list[str]]:
    """(what is wrong, what cannot be told): a budget spent in one of the two runs shows nothing of the other."""
    new = {(v.query.source.file, v.query.id): v for v in answer.verdicts}
    wrong: list[str] = []
    open_: list[str] = []
    for asked in dict.fromkeys((*old, *new)):
        then, verdict = old.get(asked, "nothing"), new.get(asked)
        if verdict is None:
            wrong.append(f"{asked[1]}: {then} was recorded, and now it is not asked")
        elif then != verdict.status.value:
            is_spent = verdict.status is Status.UNKNOWN and not verdict.blame
            why = f" ({verdict.reason})" if is_spent else ""
            is_open = is_spent or then == Status.UNKNOWN.value
            said = f"{asked[1]}: {then} was recorded, and now it is {verdict.status.value}{why}"
            (open_ if is_open else wrong).append(said)
    return wrong, open_


def _other_versions(then: Bundle, now: Bundle) -> list[str]:
    """What the index says of versions that this run is not of; of a solver that it did not ask, nothing."""
    recorded, own = dict(then.versions), dict(now.versions)
    if then.confirmed is not None and now.confirmed is None:
        recorded.pop(then.confirmed[0], None)
    return [
        f"the index speaks of {name} {recorded.get(name, '(not at all)')}, and this is {own.get(name, 'without it')}"
        for name in sorted(recorded.keys() | own.keys())
        if recorded.get(name) != own.get(name)
    ]


def _other_words(then: Bundle, now: Bundle) -> Iterator[str]:
    """What the one index says otherwise than the other; hashes, versions and manifests apart."""
    for name in ("options", "assumptions", "packs"):
        if getattr(then, name) != getattr(now, name):
            yield f"the {name} in the index are not what they give"
    if now.confirmed is not None and then.confirmed != now.confirmed:
        yield "what a second solver confirmed is not what they give"
    for query in then.queries:
        if query not in now.queries:
            yield f"{query.id}: what the index says of it is not what they give"
