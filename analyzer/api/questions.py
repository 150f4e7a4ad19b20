"""The questions: each takes manifests and gives a result; the options are those of the command of the same name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from analyzer import analysis, inputs
from analyzer.api.manifests import Manifests, Paths, load, loaded
from analyzer.api.results import CheckResult, DiffResult, ExplainResult, MapResult
from analyzer.errors import UsageError
from analyzer.inputs import endpoints
from analyzer.inputs.excuses import excuses, fitting
from analyzer.inputs.explaining import explained
from analyzer.inputs.requests import request_of
from analyzer.judging import Setting
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet
from analyzer.verdicts import Answer

Texts = str | Iterable[str]
Settings = Mapping[str, object] | Texts
"""`{"name": value}`, or texts `name=value`."""
Packs = str | Path | Pack | Iterable[str | Path | Pack]
_ENDS = ("`source`", "`destination`")


def check(
    manifests: Manifests | Cluster | Paths,
    *queries: str,
    pack: Packs = (),
    set: Settings = (),
    universe: str = "any",
    profile: str | Profile | None = None,
    knob: Settings = (),
    pod_cidr: Texts = (),
    waivers: str | Path | None = None,
    baseline: str | Path | None = None,
    today: str | date | None = None,
    max_counterexamples: int = 3,
    budget: int | None = None,
    jobs: int | None = 1,
    cross_check: str | None = None,
) -> CheckResult:
    """Prove or refute queries about manifests; without queries and packs, those of the baseline pack.

        >>> result = check("examples/gated-repo/k8s", "no internet can reach pods(app=orders) in namespace shop")
        >>> result.status
        <Status.PROVED: 'proved'>
        >>> result["q1"].status
        <Status.PROVED: 'proved'>

    `manifests` are what `load` gave, or what it takes.  `pack` names built-in packs or query files, `set` gives their
    parameters.  `jobs` is how many processes share the queries, None as many as pay; a script that asks for more than
    one guards its main module, for where processes cannot be forked each imports it.

    QueryError, PackError and UsageError hold everything that is wrong with the question, ManifestError with the input.
    """
    excused = excuses(_path(waivers), _path(baseline), today.isoformat() if isinstance(today, date) else today)
    asked = fitting(inputs.of_one_revision(packs_of(queries, pack, set)), excused.waivers)
    setting = setting_of(universe, profile, knob, pod_cidr, budget, max_counterexamples)
    second = inputs.second_solver(cross_check)
    found = manifests if isinstance(manifests, Manifests | Cluster) else load(manifests)
    cluster = loaded(found)
    setting = replace(setting, profile=profile_for(profile, knob, cluster))
    answer = analysis.check(cluster, asked, setting=setting, second_solver=second, jobs=jobs, excuses=excused)
    return CheckResult(with_findings(answer, cluster, setting, found, asked), cluster)


def with_findings(
    answer: Answer, cluster: Cluster, setting: Setting, manifests: Manifests | Cluster, packs: Sequence[Pack]
) -> Answer:
    """The answer with the causes of what it refutes, looked up in what the manifests were read from."""
    from analyzer.analysis.findings import findings_of
    from analyzer.manifests.locating import Locator

    texts = Locator(no_text)
    if isinstance(manifests, Manifests):
        texts = Locator(manifests.kept.text, manifests.with_texts)
    return replace(answer, findings=findings_of(answer, cluster, setting, texts, packs))


def no_text(file: str) -> bytes | None:
    """What objects of a program were read from."""
    return None


def diff(
    old: Manifests | Cluster | Paths,
    new: Manifests | Cluster | Paths,
    *queries: str,
    pack: Packs = (),
    set: Settings = (),
    universe: str = "any",
    profile: str | Profile | None = None,
    knob: Settings = (),
    pod_cidr: Texts = (),
    max_changes: int = 20,
    budget: int | None = None,
    cross_check: str | None = None,
    ingress_controller: Texts = (),
) -> DiffResult:
    """Tell whether two revisions permit the same traffic, and if not, exactly what changed.

        >>> shop = load("examples/gated-repo/k8s")
        >>> diff(shop, shop.changed(removed="NetworkPolicy shop/web-to-orders")).relation
        <Relation.LESS: 'less permissive'>

    Queries and packs, where given, are asked of both.  `ingress_controller`: workloads that serve Ingresses and routes,
    for `universe="inventory"`.  Errors as from `check`.
    """
    asked = packs_of(queries, pack, set) if queries or pack else ()
    setting = setting_of(universe, profile, knob, pod_cidr, budget)
    second = inputs.second_solver(cross_check)
    before, after = loaded(old), loaded(new)
    setting = setting.between(*profiles_for(profile, knob, before, after))
    found = analysis.compare(
        before,
        after,
        asked,
        setting=setting,
        max_changes=max_changes,
        second_solver=second,
        controllers=endpoints.ingress_controllers(texts(ingress_controller), before, after),
    )
    return DiffResult(found)


def explain(
    manifests: Manifests | Cluster | Paths,
    source: str,
    destination: str,
    *,
    on: Texts = (),
    request: str | None = None,
    http: int | None = None,
    host: str | None = None,
    header: Texts = (),
    tls: str | None = None,
    identity: str | None = None,
    sni: str | None = None,
    dns: str | None = None,
    token: str | None = None,
    token_place: str | None = None,
    claim: Settings = (),
    remote_ip: str | None = None,
    profile: str | Profile | None = None,
    knob: Settings = (),
    pod_cidr: Texts = (),
) -> ExplainResult:
    """Explain what is allowed from one end to another: both sides, each tier, each rule.

        >>> explain("examples/gated-repo/k8s", "8.8.8.8", "shop/orders", on="tcp/8080").outcome
        <Outcome.DENIED: 'denied'>

    An end is `namespace/workload`, an address, a CIDR, or a set of the query language that one pod can stand for.
    `on` is `tcp/80`, `udp/9000-9100`, …; without it every port is meant.  `request`, as "GET /path", to `remote_ip` say
    what the client asks for, as the options of `netproof explain` do.  UsageError for an end that is unknown.
    """
    asking = {"--request": request, "--http": http, "--host": host, "--header": texts(header), "--tls": tls}
    asking |= {"--identity": identity, "--sni": sni, "--dns": dns}
    asking |= {"--token": token, "--token-place": token_place, "--claim": _claims(claim)}
    _, addresses, ports, wanted = inputs.settled(
        lambda: profile_of(profile, knob),
        lambda: pod_addresses(pod_cidr),
        lambda: endpoints.ports(texts(on), True),
        lambda: request_of({**asking, "--remote-ip": remote_ip}),
    )
    how = {"is_everything": not texts(on), "pod_addresses": addresses, "request": wanted, "options": _ENDS}
    cluster = loaded(manifests)
    engine = profile_for(profile, knob, cluster)
    return ExplainResult(explained(cluster, engine, source, destination, ports, **how))


def connectivity(
    manifests: Manifests | Cluster | Paths,
    *,
    source: Texts = (),
    destination: Texts = (),
    on: Texts = (),
    namespace: Texts = (),
    nodes: bool = False,
    ingress_controller: Texts = (),
    profile: str | Profile | None = None,
    knob: Settings = (),
    pod_cidr: Texts = (),
) -> MapResult:
    """Every connection allowed between workloads, and between them and addresses outside.

        >>> for src, dst, allowed in connectivity("examples/gated-repo/k8s", destination="shop/web"):
        ...     print(src, dst, allowed)
        ingress-nginx/controller[Deployment] shop/web[Deployment] TCP 8080
        monitoring/prometheus[Deployment] shop/web[Deployment] TCP 9100

    `source`, `destination`, `on` and `namespace` narrow it.  UsageError for names that are unknown.
    """
    addresses, ports = pod_addresses(pod_cidr), endpoints.ports(texts(on), True)
    cluster = loaded(manifests)
    engine = profile_for(profile, knob, cluster)
    focus, controllers = inputs.settled(
        lambda: endpoints.focus(texts(source), texts(destination), texts(namespace), ports, cluster, _ENDS),
        lambda: endpoints.ingress_controllers(texts(ingress_controller), cluster),
    )
    found = analysis.connectivity(
        cluster, engine, pod_addresses=addresses, focus=focus, with_nodes=nodes, with_grounds=True
    )
    setting = Setting(Universe.ANY, engine, addresses)
    return MapResult(analysis.with_ingress(found, cluster, setting=setting, controllers=controllers, focus=focus))


# ------------------------------------------------------------------------------------------------ what is assumed
def setting_of(
    universe: str,
    profile: str | Profile | None,
    knob: Settings,
    pod_cidr: Texts,
    budget: int | None,
    max_counterexamples: int = 3,
) -> Setting:
    """What a question stands on; InputError with all that is wrong with it."""
    pods, engine, addresses, _ = inputs.settled(
        lambda: inputs.chosen_universe(universe),
        lambda: profile_of(profile, knob),
        lambda: pod_addresses(pod_cidr),
        lambda: _positive("max_counterexamples", max_counterexamples),
    )
    limits = inputs.budget(budget)
    return Setting(pods, engine, addresses, limits, max_counterexamples)


def profile_of(profile: str | Profile | None, knob: Settings) -> Profile:
    """The profile with its knobs set, whatever manifests say."""
    if profile is None or isinstance(profile, str):
        return inputs.chosen_profile(profile, pairs(knob))
    for text in pairs(knob):
        name, _, value = text.partition("=")
        profile = profile.with_knob(name, value)
    return profile


def profile_for(profile: str | Profile | None, knob: Settings, cluster: Cluster) -> Profile:
    """The profile; without a name the one that the cluster speaks for."""
    if isinstance(profile, Profile):
        return profile_of(profile, knob)
    return inputs.profile_for(profile, pairs(knob), cluster)


def profiles_for(profile: str | Profile | None, knob: Settings, old: Cluster, new: Cluster) -> tuple[Profile, Profile]:
    """The same of each of two revisions."""
    if isinstance(profile, Profile):
        return (profile_of(profile, knob),) * 2
    return inputs.profiles_for(profile, pairs(knob), old, new)


def pod_addresses(cidrs: Texts) -> AddressSet | None:
    """Where pods' addresses lie; None where nothing is said of it."""
    return inputs.pod_addresses(texts(cidrs))


def packs_of(queries: Sequence[str], pack: Packs, set: Settings) -> tuple[Pack, ...]:
    """What is asked: the packs, then the queries as a pack of their own."""
    given = [pack] if isinstance(pack, str | Path | Pack) else list(pack)
    named = [str(each) for each in given if not isinstance(each, Pack)]
    made = tuple(each for each in given if isinstance(each, Pack))
    if made and not named and not queries:
        return made
    return (*made, *inputs.questions(named, queries, pairs(set)))


def texts(given: Texts) -> tuple[str, ...]:
    """One text, or several."""
    return (given,) if isinstance(given, str) else tuple(given)


def pairs(given: Settings) -> tuple[str, ...]:
    """`name=value` for each; True and False in lower case."""
    if not isinstance(given, Mapping):
        return texts(given)
    return tuple(f"{name}={str(v).lower() if isinstance(v, bool) else v}" for name, v in given.items())


def _claims(given: Settings) -> tuple[str, ...]:
    """`name=value` for each, the value in JSON where it was not given as such text."""
    import json

    if not isinstance(given, Mapping):
        return texts(given)
    return tuple(f"{name}={json.dumps(value)}" for name, value in given.items())


def _positive(name: str, number: int) -> None:
    if number < 1:
        raise UsageError(f"`{name}` is {number}", "it is at least 1")


def _path(path: str | Path | None) -> str | None:
    return None if path is None else str(path)
