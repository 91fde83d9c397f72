"""IR text -> machine code that Python can call, kept in memory and in a cache on disk.

The cache holds object files under a name made from a hash of the IR, the processor and the LLVM version; it
lies in ``$DYDT_CACHE`` or the user's cache directory, and may be deleted at any time.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

_CHECKSUM = 16


def _new_target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple())
    return machine.create_target_machine(
        opt=2, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )


@cache
def target() -> Any:
    """The machine we run on, with everything its processor can do."""
    return _new_target()


@cache
def has_fma() -> bool:
    """Whether a fused multiply-add is one instruction here (always so on 64-bit ARM)."""
    features = llvm.get_host_cpu_features()
    return bool(features.get("fma")) or llvm.get_process_triple().startswith(("aarch64", "arm64"))


@cache
def natural_lanes() -> int:
    """How many doubles a register holds."""
    features = llvm.get_host_cpu_features()
    return 8 if features.get("avx512f") else 4 if features.get("avx") else 2


class Library:
    """Compiled functions; the machine code lives as long as this object.

    Parameters
    ----------
    ir : str
        Text of an LLVM module.
    cached : bool
        Whether to look in, and add to, the cache on disk.
    thorough : bool
        Whether LLVM's whole pipeline runs. Straight-line code from a tape leaves it nothing to find but registers
        for the variables (measured on Lorenz with dop853: 1 ms of passes and 59 µs a solve, against 105 ms and
        58 µs); loops, calls and repeated terms gain from the rest.
    """

    def __init__(self, ir: str, cached: bool = True, thorough: bool = True) -> None:
        self.ir = ir
        self.from_cache = False
        path = cache_directory() / f"{_key(ir, thorough)}.kernel" if cached else None
        kept = None if path is None else _kept(path)
        if kept is not None:
            self._load(kept)
            self.from_cache = True
            return
        data = object_code(optimise(ir, thorough))
        self._load(data)
        if path is not None:
            _keep(path, data)

    def _load(self, data: bytes) -> None:
        self._engine = _empty_engine()
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function's machine code starts."""
        found = self._engine.get_function_address(name)
        if not found:
            raise KeyError(name)
        return int(found)

    def function(self, name: str, *arguments: Any, result: Any = ctypes.c_int64) -> Any:
        """A function as a ctypes callable; calling it frees the interpreter lock."""
        return ctypes.CFUNCTYPE(result, *arguments)(self.address(name))


def optimise(ir: str, thorough: bool = True) -> Any:
    """The module after LLVM's passes."""
    module = llvm.parse_assembly(ir)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(target().target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.slp_vectorization = True
    builder = llvm.create_pass_builder(target(), options)
    if thorough:
        passes = builder.getModulePassManager()
    else:
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
    passes.run(module, builder)
    return module


def object_code(module: Any) -> bytes:
    """The module as an object file."""
    return bytes(target().emit_object(module))


def assembly(ir: str, thorough: bool = True) -> str:
    """The machine code of a module as text, for `dydt show`."""
    return str(target().emit_assembly(optimise(ir, thorough)))


def cache_directory() -> Path:
    """Where compiled kernels are kept between runs."""
    chosen = os.environ.get("DYDT_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dydt"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "dydt" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dydt"


def _empty_engine() -> Any:
    """An engine to load object code into. It deletes its target machine with itself, so it gets one of its own."""
    target()  # sets LLVM up for this processor
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(opt=2)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


@cache
def _machine() -> bytes:
    parts = (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return repr((llvm.llvm_version_info, *parts)).encode()


def _key(ir: str, thorough: bool) -> str:
    key = hashlib.blake2b(_machine() + bytes([thorough])).digest()
    return hashlib.blake2b(ir.encode(), key=key, digest_size=20).hexdigest()


def _kept(path: Path) -> bytes | None:
    """An object file from the cache, if it is there and whole: each is kept behind its checksum."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    checksum, data = whole[:_CHECKSUM], whole[_CHECKSUM:]
    return data if data and checksum == _checksum(data) else None


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_CHECKSUM).digest()


def _keep(path: Path, data: bytes) -> None:
    """Write as a whole or not at all; a cache that can't be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(_checksum(data) + data)
        os.replace(file.name, path)
    except OSError:
        pass
