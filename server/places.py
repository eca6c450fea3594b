"""Where in a YAML file its parts are, so that a fault can name the line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from server.faults import Fault, path_of

LAST_STEP = re.compile(r"(\.[^.\[\]]*|\[[^\[\]]*\]|^[^.\[\]]+)$")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a YAML file says, and where. Lines are counted from 1, paths written as ``Fault`` has them."""

    value: Any
    lines: Mapping[str, int]
    repeated: tuple[Fault, ...]
    """Keys that stand twice in one place: YAML itself takes the last of them without a word."""

    def located(self, fault: Fault, below: str = "") -> Fault:
        """The fault with its line, or with that of the nearest thing around it that is there.

        ``below`` is the key of the file under which the fault's path begins.
        """
        path = f"{below}.{fault.path}" if below else fault.path
        while path and path not in self.lines:
            path = LAST_STEP.sub("", path)
        return replace(fault, line=self.lines.get(path, 1))


def read(text: str) -> YamlFile:
    """Read a YAML file. Raises yaml.YAMLError, ValueError or RecursionError when it is none."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return YamlFile(None, {}, ())
        lines: dict[str, int] = {}
        repeated: list[Fault] = []
        for location, line, is_repeated in _walk(node):
            path = path_of(location, "")
            if is_repeated:
                repeated.append(Fault(path, f"{location[-1]} is given twice here.", line))
            lines.setdefault(path, line)
        return YamlFile(loader.construct_document(node), lines, tuple(repeated))
    finally:
        loader.dispose()


def _walk(root: yaml.Node) -> Iterator[tuple[tuple[int | str, ...], int, bool]]:
    """Path and line of everything, and whether its key stood there before. Each node is visited once."""
    waiting: list[tuple[tuple[int | str, ...], yaml.Node]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        location, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            # An alias has the line of what it stands for: that of the list is nearer.
            fresh = [(number, item) for number, item in enumerate(node.value) if id(item) not in seen]
            for number, item in fresh:
                yield (*location, number), item.start_mark.line + 1, False
                waiting.append(((*location, number), item))
        elif isinstance(node, yaml.MappingNode):
            keys: set[int | str] = set()
            for key, value in node.value:
                step = _step(key)
                yield (*location, step), key.start_mark.line + 1, step in keys
                if step not in keys:
                    waiting.append(((*location, step), value))
                keys.add(step)


def _step(key: yaml.Node) -> int | str:
    told = key.value if isinstance(key, yaml.ScalarNode) else "?"
    is_number = key.tag == "tag:yaml.org,2002:int" and re.fullmatch(r"[0-9]+", told, re.ASCII)
    return int(told) if is_number else str(told)
