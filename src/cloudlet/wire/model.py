"""AWS service models as the server reads them: operations, shapes and their traits.

Knows no wire format and judges nothing; models are loaded from `data/` when their service is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
from msgspec import Struct

DATA: Final = Path(__file__).resolve().parent / "data"

Traits: TypeAlias = Mapping[str, Any]


class UnknownService(LookupError):
    """Raised for a service that no model is there for."""


class Shape:
    """A shape as seen from where it is used: its own traits, overridden by those of the reference to it."""

    __slots__ = ("_model", "name", "own", "reference", "traits", "type")

    def __init__(self, model: ServiceModel, name: str, reference: Traits) -> None:
        self._model = model
        self.name = name
        self.own: Traits = model.shapes[name]
        self.reference = reference
        self.traits: Traits = {**self.own, **reference}
        self.type: str = self.own["type"]

    @property
    def members(self) -> dict[str, Shape]:
        """The members of a structure, in the model's order."""
        members: dict[str, Traits] = self.own.get("members", {})
        return {name: self._model.shape(reference) for name, reference in members.items()}

    @property
    def member(self) -> Shape:
        """What a list holds."""
        return self._model.shape(self.own["member"])

    @property
    def key(self) -> Shape:
        """What a map is keyed by."""
        return self._model.shape(self.own["key"])

    @property
    def value(self) -> Shape:
        """What a map holds."""
        return self._model.shape(self.own["value"])

    @property
    def required(self) -> list[str]:
        """The members of a structure that must be there."""
        required: list[str] = self.own.get("required", [])
        return required

    @property
    def location_name(self) -> str | None:
        """The name on the wire that the reference gives; one on the shape is for roots of documents."""
        name: str | None = self.reference.get("locationName")
        return name

    @property
    def location(self) -> str | None:
        """Where the member travels: uri, querystring, header, headers, statusCode; None: in the body."""
        location: str | None = self.reference.get("location")
        return location

    def has(self, trait: str) -> bool:
        """Whether a trait is set."""
        return bool(self.traits.get(trait))

    def identity(self) -> tuple[str, str]:
        """What tells two uses of a shape apart for a codec: the shape, and the traits of the reference."""
        return self.name, repr(
            sorted((key, value) for key, value in self.reference.items() if key != "shape")
        )


class Operation(Struct, frozen=True):
    """One operation of a service."""

    name: str
    method: str
    uri: str
    status: int
    input: Shape | None
    output: Shape | None
    result_wrapper: str | None
    errors: tuple[str, ...]
    """Names of the shapes of the errors it may answer with."""
    traits: Traits


class ErrorShape(Struct, frozen=True):
    """What the model says of an error: its code on the wire, its HTTP status, whose fault it is."""

    name: str
    code: str
    status: int | None
    sender_fault: bool
    shape: Shape


class ServiceModel:
    """The model of one service, from a model in botocore's form."""

    def __init__(self, name: str, model: Traits) -> None:
        self.name = name
        self.metadata: Traits = model["metadata"]
        self.shapes: Mapping[str, Traits] = model["shapes"]
        self._operations: Mapping[str, Traits] = model["operations"]
        self._made: dict[str, Operation] = {}

    def shape(self, reference: Traits) -> Shape:
        """The shape that a reference (`{"shape": name, ...traits}`) means."""
        return Shape(self, reference["shape"], reference)

    @property
    def operation_names(self) -> list[str]:
        """All operations."""
        return list(self._operations)

    def __contains__(self, operation: object) -> bool:
        return operation in self._operations

    def operation(self, name: str) -> Operation:
        """One operation. Raises KeyError for a name that the model does not have."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._operation(name, self._operations[name])
        return made

    def _operation(self, name: str, raw: Traits) -> Operation:
        http = raw.get("http", {})
        return Operation(
            name=name,
            method=http.get("method", "POST"),
            uri=http.get("requestUri", "/"),
            status=http.get("responseCode", 200),
            input=self.shape(raw["input"]) if "input" in raw else None,
            output=self.shape(raw["output"]) if "output" in raw else None,
            result_wrapper=raw.get("output", {}).get("resultWrapper"),
            errors=tuple(error["shape"] for error in raw.get("errors", ())),
            traits=raw,
        )

    @cached_property
    def errors(self) -> Mapping[str, ErrorShape]:
        """All error shapes, under their shape's name and under their code on the wire (the name wins)."""
        found = [self._error(name) for name, raw in self.shapes.items() if raw.get("exception")]
        return {error.code: error for error in found} | {error.name: error for error in found}

    def _error(self, name: str) -> ErrorShape:
        raw = self.shapes[name]
        error = raw.get("error", {})
        status = error.get("httpStatusCode") or (500 if raw.get("fault") else None)
        shape = Shape(self, name, {"shape": name})
        sender = bool(error.get("senderFault", not raw.get("fault") and (status or 400) < 500))
        return ErrorShape(name, error.get("code", name), status, sender, shape)

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """The protocols the service speaks, the preferred one first."""
        preferred: str = self.metadata["protocol"]
        others = [name for name in self.metadata.get("protocols", ()) if name != preferred]
        return (preferred, *others)

    @property
    def query_compatible(self) -> bool:
        """Whether the service once spoke the query protocol and still gives that protocol's error codes."""
        return "awsQueryCompatible" in self.metadata

    @property
    def endpoint_prefix(self) -> str:
        """The first part of the service's host name."""
        prefix: str = self.metadata.get("endpointPrefix", self.name)
        return prefix

    @property
    def signing_name(self) -> str:
        """The service's name in the credential scope of a signature."""
        name: str = self.metadata.get("signingName", self.endpoint_prefix)
        return name

    @property
    def target_prefix(self) -> str | None:
        """What stands before the operation in X-Amz-Target."""
        prefix: str | None = self.metadata.get("targetPrefix")
        return prefix

    @property
    def json_version(self) -> str:
        """The version in the content type of the JSON protocols."""
        version: str = self.metadata.get("jsonVersion", "1.0")
        return version

    @property
    def api_version(self) -> str:
        """The date by which the query protocols name the API."""
        version: str = self.metadata.get("apiVersion", "")
        return version

    @property
    def xml_namespace(self) -> str | None:
        """The namespace of the query protocol's answers."""
        namespace: Any = self.metadata.get("xmlNamespace")
        uri: str | None = namespace["uri"] if isinstance(namespace, Mapping) else namespace
        return uri

    @property
    def service_id(self) -> str:
        """The service's name as AWS's SDKs write it."""
        service_id: str = self.metadata.get("serviceId", self.name)
        return service_id


class Models:
    """The models in a folder, each read when first asked for and then kept: there are as many as files."""

    def __init__(self, folder: Path = DATA) -> None:
        self._files = {path.stem: path for path in folder.glob("*.json")}
        self._loaded: dict[str, ServiceModel] = {}

    @property
    def names(self) -> list[str]:
        """The services that a model is there for."""
        return sorted(self._files)

    def service(self, name: str) -> ServiceModel:
        """The model of a service. Raises UnknownService."""
        model = self._loaded.get(name)
        if model is None:
            if name not in self._files:
                raise UnknownService(name)
            model = self._loaded[name] = ServiceModel(name, orjson.loads(self._files[name].read_bytes()))
        return model

    def metadata(self, name: str) -> Traits:
        """A service's metadata alone, the first line of its file: cheap enough to ask for all at start."""
        with self._files[name].open("rb") as file:
            first = file.readline()
        document: Traits = orjson.loads(first.rstrip(b",\n") + b"}")
        metadata: Traits = document["metadata"]
        return metadata
