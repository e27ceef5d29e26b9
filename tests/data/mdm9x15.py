# SPDX-License-Identifier: GPL-2.0-or-later
"""The package of an EC20 with MDM9215: file names without folders, loaders in Intel HEX, yaffs2 images.

Source: the names of the files: Teltonika's EC20 updater (github.com/ingran/balzac,
package/utils/quectel-fw-update, file.cpp) and its variant with temporary boot images; the names of partitions: the
same, and Quectel's lk (github.com/Biktorgj/quectel_lk). No real package was seen: sizes, order and sizes of
partitions, the form of the tables and where the loaders go in memory are made up.
"""

import hashlib

import layouts
import tables
from images import HEADER, Member, YaffsMember, image, noise
from layouts import K, M, REST, Layout, Partition

PAGE, SPARE = 2048, 64
LOADER_HEADER = 256
# (address, offset of the entry point); they cross a border of 64 KiB, where another record of type 04 stands.
NPRG = (0x2A008000, 0x140)
ENPRG = (0x2A010400, 0x180)


def layout(chip_blocks=2048, cache=20):
    """2 KiB pages, 256 MiB. The second table has a larger cache and a smaller fota: all between has moved."""
    return Layout(PAGE, 64, chip_blocks, [
        Partition("MIBIB", 12, "MIBIB", pad=4),
        Partition("SBL1", 10, "sbl1.mbn", "sbl1", 125 * K + 12, 60 * K + 4, pad=2),
        Partition("SBL2", 12, "sbl2.mbn", "sbl2", 210 * K + 8, 80 * K + 8, pad=2),
        Partition("RPM", 12, "rpm.mbn", "rpm", 152 * K, 70 * K, pad=2),
        Partition("EFS2", 100, pad=8),
        Partition("DSP1", 40, "dsp1.mbn", "dsp1", 3 * M + 12, 150 * K + 12, pad=2),
        Partition("DSP3", 16, "dsp3.mbn", "dsp3", 1536 * K + 4, 60 * K + 4, pad=2),
        Partition("DSP2", 320, "dsp2.mbn", "dsp2", 24 * M + 8, 1280 * K + 8, pad=8),
        Partition("aboot", 12, "appsboot.mbn", "aboot", 401 * K + 4, 130 * K + 4, pad=2),
        Partition("boot", 80, "boot-oe-msm9615.img", "boot", 6 * M + 2 * K, 700 * K),
        Partition("cache", cache),
        Partition("misc", 8),
        Partition("recovery", 80, "recovery-boot-oe-msm9615.img", "recovery", 6 * M, 600 * K),
        Partition("fota", 36 - cache),
        Partition("recoveryfs", 150, "9615-cdp-recovery-image-9615-cdp.yaffs2", "recoveryfs", 12 * M, 384 * K),
        Partition("system", 520, "msm-9615-cdp-image--ipk-9615-cdp.rootfs.yaffs2", "system", 36 * M, 1024 * K),
        Partition("userdata", REST, "9615-cdp-usr-image.usrfs.yaffs2", "userdata", 2 * M, 256 * K),
    ])


def record(kind, offset, data):
    raw = bytes([len(data)]) + offset.to_bytes(2, "big") + bytes([kind]) + data
    return f":{(raw + bytes([-sum(raw) & 255])).hex().upper()}\r\n"


def intel_hex(address, entry, data):
    """Types 04 (upper half of the address), 00 (data), 05 (entry point), 01 (end)."""
    lines, upper = [], None
    at = 0
    while at < len(data):
        here = address + at
        if here >> 16 != upper:
            upper = here >> 16
            lines.append(record(4, 0, upper.to_bytes(2, "big")))
        n = min(16, len(data) - at, 0x10000 - (here & 0xFFFF))
        lines.append(record(0, here & 0xFFFF, data[at:at + n]))
        at += n
    lines += [record(5, 0, entry.to_bytes(4, "big")), record(1, 0, b"")]
    return "".join(lines).encode()


def loader(kind, place, size):
    """What DLOAD takes into memory: the line in its first bytes says how much there is and where it begins."""
    address, entry = place[0], place[0] + place[1]
    body = b"".join(noise(f"{kind}/{size}", size - LOADER_HEADER))
    line = (f"MFU-SIM-{kind}=9x15;SIZE={size};ADDRESS={address:08x};GO={entry:08x};"
            f"SHA256={hashlib.sha256(body).hexdigest()}\n")
    head = b"\x06\0\0\xea".ljust(16, b"\0") + line.encode()
    return Member(intel_hex(address, entry, head.ljust(LOADER_HEADER, b"\0") + body))


def size_of(partition, options, blocks, page_block):
    if options.oversize and options.oversize.lower() in (partition.kind, partition.name.lower(), partition.file):
        return blocks * page_block + PAGE
    if options.size == "tiny":
        return HEADER + 100
    if options.size == "mini":
        return 5 * PAGE - 300
    return partition.small if options.size == "small" else partition.full


def yaffs(kind, name, size, version):
    whole = (size + PAGE - 1) // PAGE * PAGE
    return YaffsMember(image(kind, name, whole, version), PAGE, SPARE)


def build(options):
    """All members by name."""
    live = layout(options.chip_blocks or 2048)
    loader_size = {"tiny": 600, "mini": 2600, "small": 40 * K + 100}.get(options.size, 70 * K + 100)
    members = {
        "NPRG9x15.hex": loader("NPRG", NPRG, loader_size),
        "ENPRG9x15.hex": loader("ENPRG", ENPRG, loader_size + 52),
        "partition.mbn": Member(tables.user_table(live)),
        "partition2.mbn": Member(tables.user_table(layout(options.chip_blocks or 2048, 28))),
    }
    for partition, _, blocks in live.ranges():
        if not partition.kind:
            continue
        make = yaffs if partition.file.endswith(".yaffs2") else image
        size = size_of(partition, options, blocks, live.block)
        members[partition.file] = make(partition.kind, partition.file, size, options.version)
    for name, kind, of in (("sbl2_tmp.mbn", "sbl2_tmp", "SBL2"), ("appsboot_tmp.mbn", "aboot_tmp", "aboot")):
        partition, blocks = next((p, n) for p, _, n in live.ranges() if p.name == of)
        members[name] = image(kind, name, size_of(partition, options, blocks, live.block), options.version)
    for name in options.add:
        members[name] = image("added", name, HEADER + 1000, options.version)
    return dict(sorted(members.items(), key=lambda item: item[0].lower()))


FAMILY = layouts.Family("EC20EQAR02A13E2G", "p2K_b128K", "MDM9215")
