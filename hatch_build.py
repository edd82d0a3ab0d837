"""Builds the compiled kernels beside their sources where there is a C compiler; without one NumPy does their work."""

import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src/openrapport/analysis/kernels")
LIBRARY = "_kernels.so"
# No -ffast-math and no fused multiply-add: the numbers must be NumPy's on every machine. (The last two change none.)
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math")


class KernelsHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return
        folder = Path(self.root) / FOLDER
        sources = sorted(str(path) for path in folder.glob("*.c"))
        made = folder / f".{LIBRARY}.new"
        command = [compiler, *FLAGS, "-o", str(made), *sources, "-lm"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:  # noqa: S603 - our own words
            self.app.display_warning("The compiled kernels could not be built; NumPy is used instead.")
            made.unlink(missing_ok=True)
            return
        made.replace(folder / LIBRARY)
        # Plain C through ctypes: bound to a platform, not to a version of Python.
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"].append(f"/{FOLDER}/{LIBRARY}")
