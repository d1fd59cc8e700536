"""Run by test_images.py as a script in a clean interpreter: imports modules as an image would, without what it does not install.

Argument: JSON [requirements, modules to import, names of our own packages in the folder]. Imports nothing of ours by itself.
"""

import importlib
import importlib.metadata
import json
import re
import sys
from importlib.machinery import ModuleSpec

from packaging import requirements
from packaging.utils import canonicalize_name


def installed_by(lines: list[str]) -> set[str]:
    """The distributions that pip would install for these requirements."""
    todo = [requirements.Requirement(line) for line in lines]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = todo.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in done:
            continue
        done.add((name, extras))
        for line in importlib.metadata.requires(name) or []:
            child = requirements.Requirement(line)
            if child.marker is None or any(child.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                todo.append(child)
    return {name for name, _ in done}


class OnlyTheImage:
    """Refuses what belongs to other distributions only, like this project as it is installed here."""

    def __init__(self, installed: set[str], own: list[str]) -> None:
        self._own = own
        providers = importlib.metadata.packages_distributions()
        self._refused = {
            top for top, found in providers.items() if not {str(canonicalize_name(one)) for one in found} & installed
        }

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        top = name.partition(".")[0]
        if top in self._refused and top not in self._own:
            raise ModuleNotFoundError(f"No module named {name!r} in this image", name=name)
        return None


def main() -> None:
    lines, modules, own = json.loads(sys.argv[1])
    finder = OnlyTheImage(installed_by(lines), own)
    for loaded in [name for name in sys.modules if re.match(r"packaging\b", name)]:
        del sys.modules[loaded]
    # This project may be installed here as editable; its finder would fetch from the repository what the image lacks.
    others = [other for other in sys.meta_path if not getattr(other, "__module__", "").startswith("__editable__")]
    sys.meta_path[:] = [finder, *others]
    for module in modules:
        importlib.import_module(module)


if __name__ == "__main__":
    main()
