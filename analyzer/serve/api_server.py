"""GETs of a cluster's API server, as the `kubernetes` client is told to reach it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes import client
from kubernetes import config as kubernetes_config
from kubernetes.config.config_exception import ConfigException

from analyzer.errors import UsageError

_CONNECT, _READ = 5, 60  # seconds
_config: Any = kubernetes_config  # which has no types
_MOST_STREAMS = 128


class RefusedError(Exception):
    """The server answered, and not with what was asked for; `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:200]}")
        self.status = status


class ApiServer:
    """`watch` and `get` raise RefusedError, or what the client raises where the server cannot be reached."""

    def __init__(self, settings: client.Configuration) -> None:
        settings.connection_pool_maxsize = _MOST_STREAMS
        self._client = client.ApiClient(settings)

    @staticmethod
    def of(kubeconfig: str | None, context: str | None) -> ApiServer:
        """The one that the kubeconfig names; without any, the one of the pod that this runs in."""
        settings = client.Configuration()
        try:
            if kubeconfig is None and context is None:
                _config.load_config(client_configuration=settings)
            else:
                _config.load_kube_config(kubeconfig, context, client_configuration=settings)
        except (ConfigException, OSError, TypeError) as error:
            hint = "name one with --kubeconfig or --context, or run in a pod with a service account"
            raise UsageError(f"no cluster is set: {error}", hint) from None
        return ApiServer(settings)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The answer in JSON."""
        response = self._asked(path, query or {}, _READ)
        found = json.loads(response.read())
        if not isinstance(found, dict):
            raise RefusedError(502, f"{path} is no object")
        return found

    def watch(self, path: str, query: Mapping[str, str], silence: float) -> Iterator[dict[str, Any]]:
        """The events of a watch until the server ends it; it is open once this returns.  An error where it is lost, or
        nothing comes for so many seconds."""
        response = self._asked(path, query, silence).response

        def events() -> Iterator[dict[str, Any]]:
            left = b""
            try:
                for chunk in response.stream(65_536, decode_content=True):
                    *lines, left = (left + chunk).split(b"\n")
                    for line in lines:
                        if line.strip():
                            yield json.loads(line)
                if left.strip():
                    raise RefusedError(502, "the watch ended within an event")
            finally:
                response.close()

        return events()

    def _asked(self, path: str, query: Mapping[str, str], read: float) -> Any:
        asked = self._client.param_serialize(
            "GET",
            path,
            query_params=list(query.items()),
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        response: Any = self._client.call_api(*asked, _request_timeout=(_CONNECT, read))
        if response.status != 200:
            text = response.read()
            raise RefusedError(response.status, text.decode("utf-8", "replace") if text else "")
        return response
