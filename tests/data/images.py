# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of a package: their bytes, and the headers that the simulated modem checks (README.md, "Images")."""

import hashlib
import os
import random
import sys

MIB = 1 << 20
HEADER = 512
MAGIC = {".ubi": b"UBI#", ".img": b"ANDROID!", ".mbn": b"\x7fELF",
         # The root folder's object header, with which a yaffs2 image begins.
         ".yaffs2": b"\3\0\0\0\1\0\0\0\xff\xff"}


class Member:
    """A file of the package: its size, and its bytes piece by piece, the same on each call."""

    def __init__(self, data=None, size=0, head=b"", seed=""):
        self.data, self.head, self.seed = data, head, seed
        self.size = len(data) if data is not None else size
        self.flip = None  # offset of the byte to damage

    def _pieces(self):
        if self.data is not None:
            yield self.data
            return
        yield self.head
        yield from noise(self.seed, self.size - len(self.head))

    def chunks(self):
        position = 0
        for chunk in self._pieces():
            if self.flip is not None and position <= self.flip < position + len(chunk):
                at = self.flip - position
                chunk = chunk[:at] + bytes([chunk[at] ^ 0x40]) + chunk[at + 1:]
            position += len(chunk)
            yield chunk

    def md5(self):
        digest = hashlib.md5()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest().upper()


def noise(seed, size):
    """Bytes that depend on `seed` alone and compress to about three quarters, as real images do."""
    source = random.Random(seed)
    while size > 0:
        data = bytearray(source.randbytes(min(size, MIB)))
        for start in range(0, len(data), 4096):
            gap = len(data[start + 3072:start + 4096])
            data[start + 3072:start + 4096] = b"\xff" * gap
        size -= len(data)
        yield bytes(data)


def image(kind, name, size, version):
    """An image that the simulated modem's boot chain can check: README.md, "Images"."""
    seed = f"{version}/{name}/{size}"
    digest = hashlib.sha256()
    for chunk in noise(seed, size - HEADER):
        digest.update(chunk)
    line = f"MFU-SIM-IMAGE={kind};SIZE={size};SHA256={digest.hexdigest()};VERSION={version}\n".encode()
    head = MAGIC[os.path.splitext(name)[1]].ljust(16, b"\0") + line
    if len(head) > 256:
        sys.exit("make-package: the version is too long for an image's header")
    return Member(size=size, head=head.ljust(HEADER, b"\0"), seed=seed)


class YaffsMember(Member):
    """An image of pages with their spare bytes: `plain` page by page, each with `spare` bytes behind it."""

    def __init__(self, plain, page, spare):
        super().__init__(size=plain.size // page * (page + spare))
        self.plain, self.page, self.spare = plain, page, spare

    def _pieces(self):
        page, rest, number = self.page, b"", 0
        for chunk in self.plain.chunks():
            rest += chunk
            whole = len(rest) // page * page
            out = bytearray()
            for at in range(0, whole, page):
                out += rest[at:at + page] + number.to_bytes(4, "little").ljust(self.spare, b"\xff")
                number += 1
            rest = rest[whole:]
            yield bytes(out)


def loader(mark, size, seed):
    head = MAGIC[".mbn"].ljust(16, b"\0") + f"{mark};SIZE={size}\n".encode()
    return Member(size=size, head=head.ljust(HEADER, b"\0"), seed=seed)
