#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules of the tree that no compiler knows: one function a rule, each message says what to do instead."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A room sees the rooms named here, and itself.
FOUR = {"package", "protocol", "transport", "tracker"}
SEES = {
    "util": set(),
    "package": {"util"},
    "protocol": {"util"},
    "transport": {"util"},
    "tracker": {"util"},
    "job": FOUR | {"util"},
    "service": FOUR | {"job", "util"},
    "cli": FOUR | {"job", "util"},
}

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80

BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(": "use g_strlcpy, g_strdup_printf or GString",
    r"\b(atoi|atol|atoll)\s*\(": "use g_ascii_string_to_unsigned, which tells an error",
    r"\b(system|popen)\s*\(": "use GSubprocess with an argument vector",
    r"\b(g_usleep|usleep|sleep)\s*\(": "time comes from MfuClock",
    r"\bgoto\b": "use g_autoptr and early returns",
}

# Engines have no descriptor, no clock, no log.
PROTOCOL_BANNED = {
    r"#include <(gio|unistd|fcntl|sys/|time\.h|libusb)": "protocol engines do no I/O: ask the caller by a request",
    r'#include "util/(clock|log)\.h"': "protocol engines have no clock and no log",
    r"\bg_(message|warning|debug|info|log)\s*\(": "protocol engines do not log: the pump does",
    r"\bg_get_(monotonic|real)_time\b": "protocol engines have no clock",
}

# What came from outside is refused, never asserted on.
ASSERT = re.compile(r"\b(g_assert\w*|assert)\s*\(")

# xgettext knows the macros of <inttypes.h> and cuts a text at any other.
CUT_TEXT = re.compile(r'\bN?_ ?\((?:\s*(?:"(?:[^"\\]|\\.)*"|PRI[a-z]+\d+))*\s*(G_\w+)')

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def tracked():
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def room_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def check_spdx(path, lines):
    head = "\n".join(lines[:3])
    if "SPDX-License-Identifier: GPL-2.0-or-later" not in head:
        complain(path, 1, "begins without the line 'SPDX-License-Identifier: GPL-2.0-or-later'")


def check_header(path, lines):
    if len(lines) < 2 or lines[1] != "#pragma once":
        complain(path, 2, "a header's second line is '#pragma once'")


def check_purpose(path, lines):
    if not any(line.startswith("/*") for line in lines[1:12]):
        complain(path, 2, "say in a comment at the top what the file is for")


def check_rooms(path, lines):
    room = room_of(path)
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include "(\w+)/', line)
        if not match:
            continue
        other = match.group(1)
        if room and other in SEES and other != room and other not in SEES[room]:
            complain(path, number, f"the room {room} does not see {other}: move the code or pass a parameter")
        top = path.relative_to(ROOT).parts[:2]
        if (top == ("tests", "sim") or top[0] == "plugin") and other in SEES:
            complain(path, number, f"{'/'.join(top[:2])} shares no code with src/")


def check_own_header_first(path, lines):
    own = path.with_suffix(".h")
    if path.suffix != ".c" or not own.exists() or room_of(path) is None:
        return
    first = next((line for line in lines if line.startswith("#include")), "")
    if own.name not in first:
        complain(path, 1, f"includes its own header {own.name} first, which proves that it is complete")


def check_banned(path, lines):
    rules = dict(BANNED)
    if room_of(path) == "protocol":
        rules.update(PROTOCOL_BANNED)
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line) if "#include" not in line else line
        code = re.sub(r"/\*.*?(\*/|$)|^\s*\*.*$", "", code)
        for pattern, advice in rules.items():
            if re.search(pattern, code):
                complain(path, number, f"'{line.strip()}': {advice}")
        if room_of(path) in ("protocol", "package") and ASSERT.search(code):
            complain(path, number, "no assert where bytes come from outside: set an error")


def check_sizes(path, lines):
    if len(lines) > MAX_FILE_LINES:
        complain(path, len(lines), f"{len(lines)} lines: split files over {MAX_FILE_LINES}")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start > MAX_FUNCTION_LINES:
                complain(path, start, f"a function of {number - start} lines: split those over {MAX_FUNCTION_LINES}")
            start = None


def check_sources_named(path, text):
    in_protocol = room_of(path) == "protocol" and path.suffix == ".c" and path.stem != "engine"
    in_devices = path.parent == ROOT / "data" / "devices" and path.suffix == ".conf"
    if (in_protocol or in_devices) and "Source:" not in text:
        complain(path, 1, "names hardware facts without a 'Source:'")


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            complain(path, number, "finish it, or open an issue")


def check_translated(path, text, potfiles):
    name = str(path.relative_to(ROOT))
    if name.startswith(("src/", "plugin/")) and re.search(r'\bN?_ ?\("', text) and name not in potfiles:
        complain(path, 1, "has text for users: add it to po/POTFILES.in")
    for found in CUT_TEXT.finditer(text):
        line = text.count("\n", 0, found.end()) + 1
        complain(path, line, f"{found[1]} ends a text for translators: use PRIu64, PRIx64 or %zu")


def check_pipes(path, lines):
    for number, line in enumerate(lines, 1):
        if re.search(r"\| *grep -\w*q", line):
            complain(path, number, "grep -q ends before what it reads from does, which pipefail counts: use found")


def main():
    potfiles = set((ROOT / "po" / "POTFILES.in").read_text(encoding="utf-8").split("\n"))
    for path in tracked():
        if path.suffix == ".sh" and path.is_relative_to(ROOT / "tests" / "vm"):
            check_pipes(path, path.read_text(encoding="utf-8").split("\n"))
        if path.suffix not in (".c", ".h") and not (path.suffix == ".conf" and path.parent.name == "devices"):
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        check_spdx(path, lines)
        check_sources_named(path, text)
        if path.suffix not in (".c", ".h"):
            continue
        check_purpose(path, lines)
        check_rooms(path, lines)
        check_own_header_first(path, lines)
        check_banned(path, lines)
        check_sizes(path, lines)
        check_words(path, lines)
        check_translated(path, text, potfiles)
        if path.suffix == ".h":
            check_header(path, lines)
    for problem in problems:
        print(problem)
    print(f"check-source: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
