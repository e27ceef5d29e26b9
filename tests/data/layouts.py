# SPDX-License-Identifier: GPL-2.0-or-later
"""Which partitions a modem's NAND has, and which file of a package goes where.

Source: partition_nand.xml of EG25GGBR07A08M2G_30.006.30.006 (github.com/Biktorgj/quectel_eg25_recovery) for
2 KiB pages; the partition list of an EC25EFA with 512 MiB NAND
(github.com/defencore/tech_documentation, 002-quectel-ec25) for 4 KiB pages. Where the second list has a gap
between two partitions it is divided by plausibility. An EP06's partitions are not known: they are taken to be
those of the EC25 with 4 KiB pages. Its file names: md5.txt of EM06ELAR03A09M4G (forums.quectel.com, topic 12633).
"""

from dataclasses import dataclass

REST = None  # the partition reaches to the end of the chip


@dataclass
class Partition:
    name: str
    blocks: int  # REST: to the end of the chip
    file: str = ""  # the package's file, relative to update/; "" = never written
    kind: str = ""  # what the simulated modem's boot chain takes it for
    full: int = 0  # size of the file in a package of about 100 MiB
    small: int = 0  # size of the file in a package for quick tests
    pad: int = 1  # how many of the blocks are there to replace bad ones


@dataclass
class Layout:
    page: int
    pages_per_block: int
    chip_blocks: int
    partitions: list
    tag: str = ""

    def __post_init__(self):
        self.tag = f"p{self.page // 1024}K_b{self.block // 1024}K"

    @property
    def block(self):
        return self.page * self.pages_per_block

    def ranges(self):
        """(partition, first block, number of blocks) in the order of the chip."""
        first = 0
        for partition in self.partitions:
            blocks = self.chip_blocks - first if partition.blocks is REST else partition.blocks
            yield partition, first, blocks
            first += blocks


K, M = 1024, 1024 * 1024


def p2k_b128k(soc, chip_blocks=2048):
    boot = f"{soc}-boot.img"
    return Layout(2048, 64, chip_blocks, [
        Partition("SBL", 10, "sbl1.mbn", "sbl", 223176, 100 * K, pad=2),
        Partition("MIBIB", 10, "MIBIB", pad=4),
        Partition("EFS2", 136, pad=8),
        Partition("sys_rev", 40, pad=2),
        Partition("RAWDATA", 10, pad=2),
        Partition("TZ", 12, "tz.mbn", "tz", 526844, 150 * K + 12, pad=2),
        Partition("RPM", 9, "rpm.mbn", "rpm", 160904, 90 * K + 8),
        Partition("cust_info", 16, pad=4),
        Partition("aboot", 12, "appsboot.mbn", "aboot", 477916, 130 * K + 4, pad=2),
        Partition("boot", 62, boot, "boot", 6 * M + 2 * K, 700 * K, pad=2),
        Partition("recovery", 62, boot, "boot", pad=2),
        Partition("modem", 428, "NON-HLOS.ubi", "modem", 46 * M, 1280 * K, pad=4),
        Partition("misc", 5),
        Partition("recoveryfs", 162, f"{soc}-recovery.ubi", "recoveryfs", 12 * M, 384 * K, pad=2),
        Partition("usr_data", 480, "usrdata.ubi", "usr_data", 2 * M, 256 * K, pad=4),
        Partition("sec", 4, pad=2),
        Partition("system", REST, f"{soc}-sysfs.ubi", "system", 34 * M, 1024 * K),
    ])


def p4k_b256k(soc, chip_blocks=2048):
    boot = f"{soc}-perf-boot.img"
    return Layout(4096, 64, chip_blocks, [
        Partition("sbl", 10, "sbl1.mbn", "sbl", 223176, 100 * K, pad=2),
        Partition("mibib", 10, "MIBIB", pad=4),
        Partition("efs2", 88, pad=4),
        Partition("sys_rev", 20),
        Partition("rawdata", 12),
        Partition("tz", 5, "tz.mbn", "tz", 526844, 150 * K + 12),
        Partition("rpm", 6, "rpm.mbn", "rpm", 160904, 90 * K + 8),
        Partition("aboot", 5, "appsboot.mbn", "aboot", 477916, 130 * K + 4),
        Partition("boot", 36, boot, "boot", 6 * M + 2 * K, 700 * K),
        Partition("recovery", 36, boot, "boot"),
        Partition("image_back", 25),
        Partition("recoveryfs_b", 120),
        Partition("scrub", 2),
        Partition("modem", 248, "NON-HLOS.ubi", "modem", 48 * M, 1280 * K),
        Partition("misc", 5),
        Partition("recoveryfs", 120, f"mdm-perf-recovery-image-{soc}-perf.ubi", "recoveryfs", 12 * M, 512 * K),
        Partition("qdsp6sw_b", 224),
        Partition("sys_back", 232),
        Partition("system", REST, f"{soc}-perf-sysfs.ubi", "system", 34 * M, 1024 * K),
    ])


@dataclass
class Family:
    version: str  # the firmware that tests update to
    geometry: str
    chip: str


FAMILIES = {
    "ec25": Family("EC25EFAR06A08M4G", "p4K_b256K", "MDM9607"),
    "eg25": Family("EG25GGBR07A08M2G", "p2K_b128K", "MDM9607"),
    "ep06": Family("EP06ELAR03A09M4G", "p4K_b256K", "MDM9640"),
}

LAYOUTS = {"p2K_b128K": p2k_b128k, "p4K_b256K": p4k_b256k}
# A chip of 2 GiB, so that a package of 1 GiB fits.
HUGE_CHIP = {"p2K_b128K": 16384, "p4K_b256K": 8192}
HUGE_SYSTEM = 960 * M
