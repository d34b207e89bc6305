#!/usr/bin/env python3
"""Writes schedules.tsv: when schedules fire, worked out without ContentHub.

    pip install croniter==7.0.0 tzdata==2025.2
    python3 tests/it/golden/make_schedules.py > tests/it/golden/schedules.tsv

croniter finds the local times that a cron expression names, in a calendar without a zone; zoneinfo says what a zone's
clocks show. What a clock change means is worked out here, by the rule of docs/schedules.md and not as croner or croniter
do it:

* hour and minute are single values, or lists of them: every local time that is named fires once, at the first instant
  at which the clocks show that time or a later one;
* anything else fires at each instant at which the clocks show a time that is named.

A line: kind, expression, zone, from, the next fires; instants are seconds since 1970, each fire told by its distance
from the one before. The kinds: cron; interval (the expression is "seconds anchor"); once (the expression is a local
time, and the one fire is what it means).

tzdata must be the version that chrono-tz was built from, or politics will show up as differences.
"""

import random
import sys
from datetime import datetime, timedelta, timezone
from heapq import merge
from importlib import resources
from zoneinfo import ZoneInfo, reset_tzpath

from croniter import croniter

reset_tzpath(to=[])  # the package tzdata, not the machine's
UTC = timezone.utc
FIRES = 6
ZONES = [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Shanghai",
    "Africa/Casablanca", "Pacific/Apia", "UTC", "Africa/Cairo", "America/Havana", "Asia/Beirut", "America/Santiago",
    "Pacific/Chatham", "Asia/Kathmandu", "Antarctica/Troll",
]
MINUTES = ["0", "15", "30", "59", "*", "*/5", "*/20", "*/7", "0,30", "10-20", "5-45/10"]
HOURS = ["*", "0", "1", "2", "3", "9", "23", "*/2", "*/6", "0-3", "1,2,3", "9-17", "9,18", "0-23/5"]
DAYS = ["*"] * 6 + ["1", "15", "31", "L", "1,15", "*/2", "10-20", "1-31/7", "?"]
MONTHS = ["*"] * 6 + ["1", "2", "jan", "3,10", "4-6", "*/3", "FEB", "nov-dec"]
WEEKDAYS = ["*"] * 6 + ["1-5", "MON-FRI", "0", "7", "sun", "6,7", "5L", "5#2", "1#1", "fri#5", "1,3,5", "*/2", "sat,sun"]
SECONDS = ["0", "30", "*/15", "*", "5,35", "10-50/20"]
NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"]
NICKNAMES_IN_FULL = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}


def offset(instant, zone):
    return datetime.fromtimestamp(instant, zone).utcoffset()


def transitions(zone):
    """The instants from 2024 to 2037 at which a zone's offset changes, by looking at every hour and then closer."""
    found, at, end = [], 1704067200, 2114380800
    while at < end:
        if offset(at, zone) != offset(at + 3600, zone):
            low, high = at, at + 3600
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle, zone) == offset(low, zone) else (low, middle)
            found.append(high)
        at += 3600
    return found


CHANGES = {name: transitions(ZoneInfo(name)) for name in ZONES}


def local(instant, zone):
    """What the clocks show, as seconds since 1970 in a calendar without a zone."""
    return instant + int(offset(instant, zone).total_seconds())


def first_at_or_after(shown, name):
    """The first instant at which the clocks of a zone show this local time or a later one."""
    zone = ZoneInfo(name)
    # Between changes, clocks go with the instants: only the changes near by have to be looked at.
    start = shown - 26 * 3600
    for change in [it for it in CHANGES[name] if start < it < shown + 26 * 3600] + [shown + 26 * 3600]:
        there = shown - int(offset(start, zone).total_seconds())
        if there < start:
            return start  # it was skipped: the change itself
        if there < change:
            return there
        start = change
    raise AssertionError((shown, name))


def theirs(expression):
    """An expression in croniter's dialect: the last Friday is L5, a step must begin somewhere."""
    fields = NICKNAMES_IN_FULL.get(expression, expression).split()
    weekday = fields[-1]
    if weekday.endswith("L"):
        fields[-1] = "L" + weekday[:-1]
    fields = [field.replace("?", "*") for field in fields]
    return " ".join(fields)


def named(expression, after):
    """The local times that an expression names after one, in order, for ever."""
    fields = NICKNAMES_IN_FULL.get(expression, expression).split()
    day, weekday = fields[-3], fields[-1]
    if day not in "*?" and ("#" in weekday or "L" in weekday):
        # croniter finds only days that are both; cron means either.
        assert day[0] != "*", expression
        of_day = named(" ".join(fields[:-1] + ["*"]), after)
        of_weekday = named(" ".join(fields[:-3] + ["*"] + fields[-2:]), after)
        last = None
        for shown in merge(of_day, of_weekday):
            if shown != last:
                yield shown
            last = shown
    start = datetime.fromtimestamp(after, UTC).replace(tzinfo=None)
    # As cron does: either field of days, unless one begins with *.
    times = croniter(
        theirs(expression), start, second_at_beginning=True, implement_cron_bug=True, max_years_between_matches=60
    )
    while True:
        yield int(times.get_next(datetime).replace(tzinfo=UTC).timestamp())


def is_fixed(expression):
    fields = NICKNAMES_IN_FULL.get(expression, expression).split()
    minute, hour = fields[-5], fields[-4]
    return all(part.isdigit() for field in (minute, hour) for part in field.split(","))


def fixed_fires(expression, name, after):
    """Each local time once. From two days before, so that nothing depends on where it begins."""
    fires, last = [], after
    for shown in named(expression, local(after, ZoneInfo(name)) - 2 * 86400):
        at = first_at_or_after(shown, name)
        if at > last:
            fires.append(at)
            last = at
        if len(fires) == FIRES:
            return fires


def rhythm_fires(expression, name, after):
    """Span by span between changes: in each, clocks show every local time once."""
    zone, fires, begin = ZoneInfo(name), [], after + 1
    for end in [it for it in CHANGES[name] if it > after] + [1 << 40]:
        shift = int(offset(begin, zone).total_seconds())
        for shown in named(expression, begin + shift - 1):
            if shown - shift >= end:
                break
            fires.append(shown - shift)
            if len(fires) == FIRES:
                return fires
        begin = end
    raise AssertionError((expression, name, after))


def line(kind, expression, zone, after, fires):
    steps = [b - a for a, b in zip([after] + fires, fires)]
    print(kind, expression, zone, after, " ".join(map(str, steps)), sep="\t")


def cron(expression, zone, after):
    fires = (fixed_fires if is_fixed(expression) else rhythm_fires)(expression, zone, after)
    if fires[-1] > 2100000000:
        return  # close to the end of the changes that were looked for
    line("cron", expression, zone, after, fires)


def some_expression(chance):
    if chance.random() < 0.03:
        return chance.choice(NICKNAMES)
    fields = [chance.choice(it) for it in (MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS)]
    if fields[2] == "31" and fields[3] in ("2", "FEB") or fields[2] == "*/2" and set(fields[4]) & set("#L"):
        fields[2] = "1"
    if chance.random() < 0.2:
        fields.insert(0, chance.choice(SECONDS))
    return " ".join(fields)


def cron_cases(chance, count):
    # Anywhere, and then at and around each change of 2025 to 2035.
    for _ in range(count):
        at = chance.randrange(1735689600, 2082758400)
        cron(some_expression(chance), chance.choice(ZONES), at)
    for name in ZONES:
        for change in [it for it in CHANGES[name] if 1735689600 <= it < 2082758400]:
            before = change - chance.choice([1, 60, 1800, 3600, 5400, 7200, 40000])
            minute, hour = chance.choice(MINUTES), chance.choice(["0", "1", "2", "3", "*", "*/2", "0-3", "1,2,3", "0,1"])
            cron(f"{minute} {hour} * * *", name, before)
            shown = datetime.fromtimestamp(local(change, ZoneInfo(name)), UTC)
            near = (shown + timedelta(minutes=chance.choice([-90, -45, -30, -15, 15, 30, 45]))).replace(second=0)
            cron(f"{near.minute} {near.hour} * * *", name, before)
            cron(f"{near.minute} {near.hour} * * *", name, change + chance.choice([0, 1, 900, 1800, 3599]))
            cron(f"*/10 * * * *", name, change - chance.choice([1, 600, 1800, 3600]))


def interval_cases(chance, count):
    for _ in range(count):
        seconds = chance.choice([1, 7, 60, 90, 300, 3600, 5400, 86400, 604800, 31622400, chance.randrange(1, 31622401)])
        anchor = chance.randrange(1700000000, 1800000000)
        after = chance.randrange(1690000000, 1900000000)
        first = anchor if after < anchor else after + seconds - (after - anchor) % seconds
        line("interval", f"{seconds} {anchor}", "UTC", after, [first + n * seconds for n in range(FIRES)])


def once_cases(chance, count):
    for _ in range(count):
        name = chance.choice(ZONES)
        near = chance.choice(CHANGES[name]) if CHANGES[name] and chance.random() < 0.7 else chance.randrange(1735689600, 2082758400)
        shown = local(near, ZoneInfo(name)) + chance.randrange(-7200, 7200)
        text = datetime.fromtimestamp(shown, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line("once", text, name, 1704067200, [first_at_or_after(shown, name)])


def main():
    version = resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text().splitlines()[0].split()[-1]
    print(f"# tzdata {version}; written by make_schedules.py")
    chance = random.Random(20261128)
    cron_cases(chance, int(sys.argv[1]) if len(sys.argv) > 1 else 4200)
    interval_cases(chance, 300)
    once_cases(chance, 400)


main()
