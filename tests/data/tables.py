# SPDX-License-Identifier: GPL-2.0-or-later
"""The partition table of a package in its forms: partition.mbn, partition_complete, its patch, partition_nand.xml.

Source: the form, names of elements and their order are those of EG25GGBR07A08M2G_30.006.30.006
(github.com/Biktorgj/quectel_eg25_recovery); an EP06's tables are not known and taken to have the same form.
"""

import struct
from xml.sax.saxutils import escape

import layouts

IN_BLOCKS, IN_KIB = 0xFE, 0xFF


def crc32_mpeg(data):
    """CRC-32 with polynomial 04C11DB7, not reflected, start 0, no final inversion."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def table_entry(name, first, second, attrs):
    return struct.pack("<16sII4s", f"0:{name}".encode(), first, second, bytes(attrs))


def attributes(partition):
    """The four bytes of a user table's entry; the last one is the unit of its sizes."""
    name = partition.name.upper()
    return (0xFF, 1, 0xFF if name in ("MIBIB", "EFS2") else 0, IN_BLOCKS if name in ("SBL", "MIBIB") else IN_KIB)


def user_table(layout):
    """partition.mbn, the table as fastboot and streaming take it: sizes without starts."""
    out = struct.pack("<IIII", 0xAA7D1B9A, 0x1F7D48BC, 4, len(layout.partitions))
    for partition, _, blocks in layout.ranges():
        unit = 1 if attributes(partition)[3] == IN_BLOCKS else layout.block // 1024
        size = ((blocks - partition.pad) * unit, partition.pad * unit)
        if partition.blocks is layouts.REST:
            size = (0xFFFFFFFF, 0xFFFF)
        out += table_entry(partition.name, *size, attributes(partition))
    return out


def system_table(layout):
    """partition_complete: MIBIB header, system table, user table's page left empty, CRC; a page each."""
    header = struct.pack("<IIII", 0xFE569FAC, 0xCD7F127A, 4, 1)
    table = struct.pack("<IIII", 0x55EE73AA, 0xE35EBDDB, 4, len(layout.partitions))
    for partition, first, blocks in layout.ranges():
        is_special = partition.name.upper() in ("MIBIB", "EFS2")
        table += table_entry(partition.name, first, blocks, (0xFF, 1, 0xFF if is_special else 0, 0))
    pages = header.ljust(layout.page, b"\xff") + table.ljust(layout.page, b"\xff")
    tail = struct.pack("<IIII", 0x9D41BEA1, 0xF1DED2EA, 1, crc32_mpeg(pages[:4096]))
    return pages + b"\xff" * layout.page + tail.ljust(layout.page, b"\xff")


def element(tag, **values):
    return f"  <{tag} " + " ".join(f'{k}="{v}"' for k, v in sorted(values.items())) + "/>"


def patch_xml(layout):
    name = f"partition_complete_{layout.tag}.mbn"
    *_, (_, first, _) = layout.ranges()
    common = {"SECTOR_SIZE_IN_BYTES": layout.page, "filename": name, "physical_partition_number": 0,
              "size_in_bytes": 4}
    offset = 16 + 28 * len(layout.partitions) - 8
    lines = ['<?xml version="1.0" ?>', "<patches>",
             element("patch", byte_offset=offset, start_sector=1, value=f"NUM_DISK_BLOCKS-{first}.",
                     what="the last partition ends with the chip", **common),
             element("patch", byte_offset=12, start_sector=3, value="CRC32(0,4096)", what="checksum", **common)]
    return "\n".join(lines + ["</patches>", ""])


class PartitionXml:
    """partition_nand.xml, from which fastboot tools take what goes where; wrong where the options say so."""

    def __init__(self, layout, options):
        self.layout = layout
        self.images = dict(options.xml_image)
        self.sizes = dict(options.xml_size)
        self.extra, self.twice, self.broken = options.xml_partition, options.xml_twice, options.bad_partition_xml

    def text(self):
        lines = ['<?xml version="1.0" encoding="utf-8"?>', "<nandboot>", "  <magic_numbers>",
                 "    <usr_part_magic1>0xAA7D1B9A</usr_part_magic1>",
                 "    <usr_part_magic2>0x1F7D48BC</usr_part_magic2>", "  </magic_numbers>",
                 '  <partition_version length="4">0x4</partition_version>', "  <partitions>"]
        for partition, _, blocks in self.layout.ranges():
            if partition.blocks is layouts.REST:
                for name, image in self.extra:
                    lines += self.partition(name, self.kib(1, 0), (0xFF, 1, 0, IN_KIB), image)
            count = 2 if partition.name.lower() in self.twice else 1
            lines += self.partition(partition.name, self.size(partition, blocks), attributes(partition),
                                    self.image(partition)) * count
        text = "\n".join(lines + ["  </partitions>", "</nandboot>", ""])
        return text[:len(text) // 2] if self.broken else text

    def partition(self, name, size, attrs, image):
        lines = [f'<name length="16" type="string">0:{escape(name)}</name>', *size, "<which_flash>0</which_flash>"]
        lines += [f"<attr>0x{value:02X}</attr>" for value in attrs]
        if image:
            lines.append(f'<img_name type="string">{escape(image)}</img_name>')
        return ["    <partition>", *("      " + line for line in lines), "    </partition>"]

    def image(self, partition):
        file = "partition.mbn" if partition.file == "MIBIB" else partition.file
        return self.images.get(partition.name.lower(), file)

    def kib(self, blocks, pad):
        unit = self.layout.block // 1024
        return [f'<size_kb length="4">{(blocks - pad) * unit}</size_kb>',
                f'<pad_kb length="4">{pad * unit}</pad_kb>']

    def size(self, partition, blocks):
        if partition.name.lower() in self.sizes:
            return [f'<size_kb length="4">{self.sizes[partition.name.lower()]}</size_kb>',
                    '<pad_kb length="4">0</pad_kb>']
        if partition.blocks is layouts.REST:
            return ['<flags length="4">0xFFFFFFFF</flags>', '<flags length="4">0xFFFF</flags>']
        if attributes(partition)[3] == IN_BLOCKS:
            return [f'<size_blks length="4">0x{blocks - partition.pad:X}</size_blks>',
                    f'<pad_blks length="4">0x{partition.pad:X}</pad_blks>']
        return self.kib(blocks, partition.pad)
