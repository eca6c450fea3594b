"""Files in YAML that an operator writes."""

from pathlib import Path

import yaml

from server import places
from server.commands.ground import Misuse
from server.places import YamlFile


def yaml_in(path: Path) -> YamlFile:
    """Read a YAML file. Raises Misuse when it cannot be read, or is none."""
    try:
        return places.read(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Misuse(f"{path} is not YAML{where}: {error.problem or error.context}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A date that no calendar has is a ValueError, and so is a file that is not UTF-8.
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeError) else str(error).splitlines()[0]
        raise Misuse(f"{path} is not YAML: {reason}.") from error
