#!/bin/sh
# Formats every C file of the tree; with --check only says whether any would change.
set -eu
cd "$(dirname "$0")/.."
format=$(command -v clang-format-14 || command -v clang-format)
mode=-i
[ "${1:-}" = --check ] && mode="--dry-run --Werror"
# shellcheck disable=SC2086
git ls-files -co --exclude-standard '*.c' '*.h' | xargs "$format" $mode --style=file
