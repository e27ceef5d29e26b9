# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a solid LZMA2 7z archive with nothing but the standard library.

A .7z file is a 32-byte start header, one packed stream, and a header that says how the stream unpacks into
which files. Only what one folder with one coder needs is written here.

Source: the format description 7zFormat.txt of the LZMA SDK (public domain).
"""

import lzma
import struct
import zlib

END, HEADER, MAIN_STREAMS, FILES = 0x00, 0x01, 0x04, 0x05
PACK_INFO, UNPACK_INFO, SUBSTREAMS = 0x06, 0x07, 0x08
SIZE, CRC, FOLDER, CODERS_UNPACK_SIZE, NUM_UNPACK_STREAM = 0x09, 0x0A, 0x0B, 0x0C, 0x0D
EMPTY_STREAM, NAMES, ATTRIBUTES = 0x0E, 0x11, 0x15
LZMA2 = b"\x21"
DICTIONARY = 1 << 20
DICTIONARY_CODE = 16  # LZMA2's code for 1 MiB


def number(value):
    """7z's variable-length number: leading ones of the first byte count the bytes that follow."""
    for extra in range(8):
        if value < 1 << (7 * (extra + 1)):
            first = (0xFF00 >> extra) & 0xFF | value >> (8 * extra)
            return bytes([first]) + (value & ((1 << (8 * extra)) - 1)).to_bytes(extra, "little")
    return b"\xff" + value.to_bytes(8, "little")


def bits(flags):
    out = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        if flag:
            out[i // 8] |= 0x80 >> i % 8
    return bytes(out)


def file_property(kind, data):
    return bytes([kind]) + number(len(data)) + data


class Writer:
    """Members in the order of the calls; symlinks carry their target as content."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(bytes(32))
        # The quickest settings: most of the content is noise.
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": DICTIONARY, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3,
                    "nice_len": 8, "depth": 1, "lc": 0, "lp": 0, "pb": 0}]
        self.packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters)
        self.packed = 0
        self.entries = []

    def _write(self, data):
        self.packed += len(data)
        self.file.write(data)

    def add(self, name, chunks, mode=0o100644):
        size, crc = 0, 0
        for chunk in chunks:
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
            self._write(self.packer.compress(chunk))
        self.entries.append((name, size, crc, mode))

    def _streams(self):
        full = [e for e in self.entries if e[1] > 0]
        total = sum(e[1] for e in full)
        out = bytes([MAIN_STREAMS, PACK_INFO]) + number(0) + number(1)
        out += bytes([SIZE]) + number(self.packed) + bytes([END])
        out += bytes([UNPACK_INFO, FOLDER]) + number(1) + b"\0"
        out += number(1) + bytes([0x20 | len(LZMA2)]) + LZMA2 + number(1) + bytes([DICTIONARY_CODE])
        out += bytes([CODERS_UNPACK_SIZE]) + number(total) + bytes([END])
        out += bytes([SUBSTREAMS, NUM_UNPACK_STREAM]) + number(len(full)) + bytes([SIZE])
        out += b"".join(number(e[1]) for e in full[:-1])
        out += bytes([CRC, 1]) + b"".join(struct.pack("<I", e[2]) for e in full)
        return out + bytes([END, END])

    def _files(self):
        names = b"\0" + b"".join(e[0].encode("utf-16-le") + b"\0\0" for e in self.entries)
        modes = b"\1\0" + b"".join(struct.pack("<I", e[3] << 16 | 0x8000) for e in self.entries)
        out = bytes([FILES]) + number(len(self.entries))
        empty = [e[1] == 0 for e in self.entries]
        if any(empty):
            out += file_property(EMPTY_STREAM, bits(empty))
            out += file_property(EMPTY_STREAM + 1, bits([True] * sum(empty)))
        return out + file_property(NAMES, names) + file_property(ATTRIBUTES, modes) + bytes([END])

    def close(self):
        self._write(self.packer.flush())
        header = bytes([HEADER]) + self._streams() + self._files() + bytes([END])
        self.file.write(header)
        start = struct.pack("<QQI", self.packed, len(header), zlib.crc32(header))
        self.file.seek(0)
        self.file.write(b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start)
        self.file.close()
