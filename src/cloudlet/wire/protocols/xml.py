"""Shapes to and from XML elements, for the query, ec2 and rest-xml protocols.

Compiled to closures, one for each use of a shape. Envelopes and roots are the protocols' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from cloudlet.wire.model import Shape
from cloudlet.wire.protocols.errors import NOT_WELL_FORMED, MalformedXML
from cloudlet.wire.protocols.scalars import READERS, text_writer

Writer: TypeAlias = Callable[[list[str], Any], None]
Reader: TypeAlias = Callable[[Element], Any]

_SCALARS: Final = frozenset(READERS)
_SPECIAL: Final = re.compile(r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_MAX_DEPTH: Final = 100


def escape(text: str) -> str:
    """Text as XML content; characters that XML cannot hold become references, as AWS writes them."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"&#x{ord(found[0]):x};", text)


def quoted(text: str) -> str:
    """Text as the value of an attribute, in its quotes."""
    return '"' + escape(text).replace('"', "&quot;").replace("\n", "&#xA;").replace("\t", "&#x9;") + '"'


def element_name(shape: Shape, member_name: str) -> str:
    """The name of the element that a structure's member is written as."""
    # Older models flatten the list and name its elements by its member; newer ones flatten one use of it.
    if shape.type == "list" and shape.own.get("flattened") and shape.member.location_name:
        return shape.member.location_name
    return shape.location_name or member_name


def in_body(shape: Shape) -> bool:
    """Whether a member of an answer travels in the body; traits for requests mean nothing here."""
    return shape.location not in ("header", "headers", "statusCode")


def namespace_attribute(traits: Mapping[str, Any]) -> str:
    """The xmlns attribute that a shape asks for, with the space before it."""
    namespace = traits.get("xmlNamespace")
    if not namespace:
        return ""
    if isinstance(namespace, str):
        return f" xmlns={quoted(namespace)}"
    prefix = f":{namespace['prefix']}" if namespace.get("prefix") else ""
    return f" xmlns{prefix}={quoted(namespace['uri'])}"


class XmlCodecs:
    """Makes and keeps the codecs of a service's shapes."""

    def __init__(self, timestamp_format: str = "iso8601") -> None:
        self._timestamp_format = timestamp_format
        self._timestamp_writer: Callable[[Any], str] | None = None
        self._readers: dict[tuple[str, str], Reader] = {}
        self._writers: dict[tuple[str, str, str], Writer] = {}

    def write_timestamps_by(self, writer: Callable[[Any], str]) -> None:
        """How timestamps without a format of their own are written by this service."""
        self._timestamp_writer = writer

    def writer(self, shape: Shape, name: str) -> Writer:
        """What appends a value as an element called `name`."""
        identity = (*shape.identity(), name)
        made = self._writers
        if identity not in made:
            # A shape may contain itself: whoever asks meanwhile gets a writer that looks the finished one up.
            made[identity] = lambda out, value: made[identity](out, value)
            made[identity] = self._make_writer(shape, name)
        return made[identity]

    def _make_writer(self, shape: Shape, name: str) -> Writer:
        match shape.type:
            case "structure":
                return self._structure_writer(shape, name)
            case "list":
                return self._list_writer(shape, name)
            case "map":
                return self._map_writer(shape, name)
            case _:
                return self._scalar_writer(shape, name)

    def _scalar_text(self, shape: Shape) -> Callable[[Any], str]:
        if shape.type == "timestamp" and "timestampFormat" not in shape.traits and self._timestamp_writer:
            return self._timestamp_writer
        return text_writer(shape.type, shape.traits.get("timestampFormat", self._timestamp_format))

    def _scalar_writer(self, shape: Shape, name: str) -> Writer:
        start, end, as_text = (
            f"<{name}{namespace_attribute(shape.traits)}>",
            f"</{name.split(' ')[0]}>",
            self._scalar_text(shape),
        )

        def write(out: list[str], value: Any) -> None:
            out += (start, escape(as_text(value)), end)

        return write

    def _structure_writer(self, shape: Shape, name: str) -> Writer:
        members = {key: member for key, member in shape.members.items() if in_body(member)}
        attributes = {
            key: (member.location_name or key, self._scalar_text(member))
            for key, member in members.items()
            if member.has("xmlAttribute")
        }
        content = self.content_writer(shape)
        start, end = f"<{name}{namespace_attribute(shape.traits)}", f"</{name}>"

        def write(out: list[str], value: Any) -> None:
            out.append(start)
            for key, (attribute, as_text) in attributes.items():
                if value.get(key) is not None:
                    out.append(f" {attribute}={quoted(as_text(value[key]))}")
            out.append(">")
            content(out, value)
            out.append(end)

        return write

    def content_writer(self, shape: Shape) -> Writer:
        """What appends the members of a structure, without an element around them, in the model's order."""
        writers = [
            (key, self.writer(member, element_name(member, key)))
            for key, member in shape.members.items()
            if in_body(member) and not member.has("xmlAttribute")
        ]
        known = frozenset(shape.members)

        def write(out: list[str], value: Any) -> None:
            if not known.issuperset(value):
                raise KeyError(f"{shape.name} has no members {sorted(set(value) - known)}")
            for key, writer in writers:
                item = value.get(key)
                if item is not None:
                    writer(out, item)

        return write

    def _list_writer(self, shape: Shape, name: str) -> Writer:
        if shape.has("flattened"):
            flat = self.writer(shape.member, name)

            def write_flat(out: list[str], value: Any) -> None:
                for item in value:
                    flat(out, item)

            return write_flat
        member = self.writer(shape.member, shape.member.location_name or "member")
        start, end = f"<{name}{namespace_attribute(shape.traits)}>", f"</{name}>"

        def write(out: list[str], value: Any) -> None:
            out.append(start)
            for item in value:
                member(out, item)
            out.append(end)

        return write

    def _map_writer(self, shape: Shape, name: str) -> Writer:
        key_writer = self.writer(shape.key, shape.key.location_name or "key")
        value_writer = self.writer(shape.value, shape.value.location_name or "value")
        flattened = shape.has("flattened")
        entry = name if flattened else "entry"
        xmlns = namespace_attribute(shape.traits)
        entry_start, entry_end = f"<{entry}{xmlns if flattened else ''}>", f"</{entry}>"

        def write(out: list[str], value: Any) -> None:
            if not flattened:
                out.append(f"<{name}{xmlns}>")
            for key, item in value.items():
                out.append(entry_start)
                key_writer(out, key)
                value_writer(out, item)
                out.append(entry_end)
            if not flattened:
                out.append(f"</{name}>")

        return write

    def reader(self, shape: Shape) -> Reader:
        """What turns an element into the value a boto3 user would pass."""
        identity = shape.identity()
        made = self._readers
        if identity not in made:
            made[identity] = lambda element: made[identity](element)
            made[identity] = self._make_reader(shape)
        return made[identity]

    def _make_reader(self, shape: Shape) -> Reader:
        match shape.type:
            case "structure":
                return self._structure_reader(shape)
            case "list":
                member = self.reader(shape.member)
                return lambda element: [member(child) for child in element]
            case "map":
                return self._map_reader(shape)
            case _:
                return _scalar_reader(shape)

    def _structure_reader(self, shape: Shape) -> Reader:
        attributes, single, repeated = {}, {}, {}
        for name, member in shape.members.items():
            if member.location is not None:
                continue
            if member.has("xmlAttribute"):
                attributes[(member.location_name or name).split(":")[-1]] = name
            elif member.type == "list" and member.has("flattened"):
                repeated[element_name(member, name)] = repeated[member.location_name or name] = (
                    name,
                    self.reader(member.member),
                )
            elif member.type == "map" and member.has("flattened"):
                repeated[member.location_name or name] = (name, self._entry_reader(member))
            else:
                single[member.location_name or name] = (name, self.reader(member))
        maps = {name for name, member in shape.members.items() if member.type == "map"}

        def read(element: Element) -> dict[str, Any]:
            result: dict[str, Any] = {}
            for attribute, text in element.attrib.items():
                if (named := attributes.get(local_name(attribute))) is not None:
                    result[named] = text
            for child in element:
                tag = local_name(child.tag)
                if (one := single.get(tag)) is not None:
                    result[one[0]] = one[1](child)
                elif (many := repeated.get(tag)) is not None:
                    name, reader = many
                    if name in maps:
                        key, value = reader(child)
                        result.setdefault(name, {})[key] = value
                    else:
                        result.setdefault(name, []).append(reader(child))
            return result

        return read

    def _entry_reader(self, shape: Shape) -> Reader:
        key_name, value_name = shape.key.location_name or "key", shape.value.location_name or "value"
        key_reader, value_reader = self.reader(shape.key), self.reader(shape.value)

        def read(element: Element) -> tuple[Any, Any]:
            found = {local_name(child.tag): child for child in element}
            if key_name not in found or value_name not in found:
                raise MalformedXML(NOT_WELL_FORMED)
            return key_reader(found[key_name]), value_reader(found[value_name])

        return read

    def _map_reader(self, shape: Shape) -> Reader:
        entry = self._entry_reader(shape)
        return lambda element: dict(entry(child) for child in element)


def _scalar_reader(shape: Shape) -> Reader:
    from_text, keep = READERS[shape.type], shape.type in ("string", "character")

    def read(element: Element) -> Any:
        if len(element):
            raise MalformedXML(NOT_WELL_FORMED)
        try:
            text = element.text or ""
            return text if keep else from_text(text.strip())
        except ValueError as error:
            raise MalformedXML(NOT_WELL_FORMED) from error

    return read


def local_name(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


class _PlainTree(TreeBuilder):
    """Builds the tree and refuses what no AWS request contains: a document type, or nesting without end."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuses a document type, and with it entities."""
        raise MalformedXML(NOT_WELL_FORMED)

    def start(self, tag: Any, attrs: Any) -> Element:
        """Opens an element."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise MalformedXML(NOT_WELL_FORMED)
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        """Closes an element."""
        self._depth -= 1
        return super().end(tag)


def read_xml(body: bytes) -> Element:
    """The root element of a document. Raises MalformedXML."""
    parser = XMLParser(target=_PlainTree())
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedXML(NOT_WELL_FORMED) from error
    return root
