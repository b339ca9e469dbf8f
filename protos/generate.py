"""Writes protos/gen from the contract: typed stubs, and contracts.binpb, the descriptor set with its comments.

`python protos/generate.py` writes into protos/gen; `--check` writes elsewhere and fails where the two differ.
"""

from __future__ import annotations

import filecmp
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS / "gen"
MODULES = (PROTOS, PROTOS / "third_party")


def sources(module: Path, package: str) -> list[str]:
    """The .proto files of one package below one module, as protoc wants them named."""
    return sorted(str(path.relative_to(module)) for path in (module / package).rglob("*.proto"))


def run(*arguments: str) -> None:
    include = resources.files("grpc_tools") / "_proto"
    plugins = [f"--plugin={path}" for path in Path(sys.executable).parent.glob("protoc-gen-mypy*")]
    paths = [f"-I{module}" for module in MODULES] + [f"-I{include}"]
    if protoc.main(["protoc", *plugins, *paths, *arguments]) != 0:
        raise SystemExit("protoc refused the contract; its message stands above")


def generate(into: Path) -> None:
    """Empties `into` and writes the stubs, their types and the descriptor set."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    contract, rules = sources(PROTOS, "candor"), sources(MODULES[1], "buf")
    run(f"--python_out={into}", f"--mypy_out=quiet:{into}", *contract, *rules)
    run(f"--grpc_python_out={into}", f"--mypy_grpc_out=quiet,only_async:{into}", *_with_services(contract))
    _make_packages(into)
    run(
        f"--descriptor_set_out={into / 'candor' / 'contracts.binpb'}",
        "--include_imports",
        "--include_source_info",
        *contract,
    )


def _with_services(contract: list[str]) -> list[str]:
    return [name for name in contract if name.endswith("_service.proto")]


def _make_packages(into: Path) -> None:
    for folder in [into / "candor", into / "buf", *(into / "candor").rglob("*/"), *(into / "buf").rglob("*/")]:
        (folder / "__init__.py").touch()
    for top in ("candor", "buf"):
        (into / top / "py.typed").touch()


def differences(left: filecmp.dircmp[str], at: str = "") -> list[str]:
    """Paths that are not the same in both trees."""
    found = [at + name for name in (*left.left_only, *left.right_only, *left.diff_files) if name != "__pycache__"]
    for name, below in left.subdirs.items():
        if name != "__pycache__":
            found += differences(below, f"{at}{name}/")
    return found


def check() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "gen"
        generate(fresh)
        stale = differences(filecmp.dircmp(fresh, GENERATED))
    if stale:
        raise SystemExit("protos/gen is not what the contract says; run `make proto`:\n  " + "\n  ".join(stale))


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else generate(GENERATED)
