"""The formats that the numbers of a kernel can have: double precision, and single for training."""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A binary floating-point format of IEEE 754.

    Attributes
    ----------
    name : str
    llvm : str
        Its name in LLVM, and in NumPy's.
    size : int
        Bytes of a number.
    mantissa : int
        Bits of a number behind the point.
    bias : int
        What is added to an exponent.
    """

    name: str
    llvm: str
    numpy: str
    size: int
    mantissa: int
    bias: int

    @property
    def suffix(self) -> str:
        """Of the intrinsics of LLVM."""
        return f"f{8 * self.size}"

    @property
    def bits(self) -> str:
        """The kind of value that has as many bits."""
        return "integer" if self.size == 8 else "word"

    @property
    def rounder(self) -> float:
        """1.5·2^mantissa: added to a number that is small beside it, it leaves the nearest integer in the low bits.

        It spares the conversion between floats and 64-bit integers, which AVX2 has no instruction for.
        """
        return 1.5 * 2.0**self.mantissa

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return -(1 << (8 * self.size - 1))

    def type_name(self, kind: str, lanes: int = 1) -> str:
        """The LLVM type of a value."""
        name = self.llvm if kind == "number" else _TYPES[kind]
        return name if lanes == 1 else f"<{lanes} x {name}>"

    def constant(self, value: float | int | bool, kind: str) -> str:
        """A constant of one lane as LLVM writes it; floats to the bit, and as doubles in either format."""
        if kind == "number":
            rounded = value if self.size == 8 else ctypes.c_float(value).value
            return f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}"
        if kind == "truth":
            return "true" if value else "false"
        return str(int(value))

    def alignment(self, kind: str) -> int:
        """Where values may lie in memory: at multiples of so many bytes."""
        return self.size if kind == "number" else 4 if kind == "word" else 8


_TYPES = {"double": "double", "integer": "i64", "word": "i32", "truth": "i1", "pointer": "ptr"}

DOUBLE = Format("double", "double", "float64", 8, 52, 1023)
SINGLE = Format("single", "float", "float32", 4, 23, 127)
FORMATS = {made.name: made for made in (DOUBLE, SINGLE)}
