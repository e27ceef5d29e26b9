# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios with figures share, in the guest: samples, medians, lines of the table.

samples=$T/samples
mkdir -p "$samples"

# One value of figure NAME, to be printed by `figure`: sample NAME VALUE
sample() {
    [ -n "$2" ] || fail "no value for $1"
    echo "$2" >>"$samples/$1"
    note "sample $1 $2"
}

# The median of all samples of NAME.
median() {
    sort -n "$samples/$1" | sed -n "$((($(wc -l <"$samples/$1") + 1) / 2))p"
}

# A line of the table, of the samples of NAME: figure NAME WORDS UNIT [GOAL]
figure() {
    [ -s "$samples/$1" ] || return 0
    printf 'BENCH %-62s %9s %-5s %s\n' "$2" "$(median "$1")" "$3" "${4:-}"
}

divide() {
    awk -v a="$1" -v b="$2" -v digits="${3:-2}" 'BEGIN { printf "%." digits "f\n", (b > 0 ? a / b : 0) }'
}
