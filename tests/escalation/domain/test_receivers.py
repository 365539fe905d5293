"""Who is told of a rung, and when: tables a clerk could check."""

from dataclasses import replace
from datetime import UTC, time
from zoneinfo import ZoneInfo

import pytest

from escalation.domain.ladder import Rung, ladder_faults, told_roles
from escalation.domain.receivers import (
    ANY,
    CITY,
    DESK,
    Directory,
    Quiet,
    Receiver,
    Role,
    Whose,
    addressee,
    deliver_at,
    reach,
)
from escalation.receiver_store import shipped
from schemas.duty import Absence, Person, Shift, Staff
from tests.escalation.domain.examples import HAIKOU, LADDER, local

CODE = "water-affairs"
NIGHT = Quiet(time(22), time(7))
DAY = Quiet(time(12), time(14))
LEAVE = Absence(local("2026-11-23T00:00"), local("2026-11-28T00:00"), "年休")
SHIFT = Shift(Person("值班员"), local("2026-11-23T17:30"), local("2026-11-24T08:00"))
A, B = Person("甲", "13800000001"), Person("乙")
SHIPPED = {(str(each.role), each.scope): each for each in shipped()}


def directory(staff: Staff | None = None, *without: tuple[str, str]) -> Directory:
    receivers = {key: each for key, each in SHIPPED.items() if key not in without}
    return Directory(receivers, HAIKOU, {} if staff is None else {CODE: staff}, {CODE: "海口市水务局"})


OPERATORS = """
    # people           at    signed   who             as
    A B                10:00 yes      甲              A岗
    A B                10:00 no       乙              B岗
    A B leave          10:00 yes      乙              B岗
    A B leave          10:00 no       乙              B岗
    A                  10:00 no       甲              A岗
    A leave            10:00 yes      待确认          12345工单联络员
    A leave shift      18:00 yes      值班员          值班
    A B shift          18:00 yes      甲              A岗
    A B shift          23:00 yes      值班员          值班
    A B shift          23:00 no       值班员          值班
    A B                23:00 yes      甲              A岗
    B                  10:00 yes      乙              B岗
    shift              18:00 yes      值班员          值班
    shift              10:00 yes      待确认          12345工单联络员
    nobody             10:00 yes      待确认          12345工单联络员
"""


@pytest.mark.parametrize("line", [each for each in OPERATORS.splitlines()[2:] if each.strip()])
def test_the_deputy_takes_over_when_a_is_away_or_has_not_signed(line: str) -> None:
    *people, at, signed, who, post = line.split()
    staff = Staff(
        A if "A" in people else None,
        B if "B" in people else None,
        (LEAVE,) if "leave" in people else (),
        (SHIFT,) if "shift" in people else (),
    )
    now = local(f"2026-11-23T{at}").astimezone(UTC)
    found = addressee("operator", Whose(CODE, None, unsigned=signed == "no"), directory(staff), now)
    assert found is not None
    assert (found.name, found.post, found.unit) == (who, post, "海口市水务局")


RECEIVERS = """
    # role               whose           unit                              post
    operator             desk            海口市12345政务服务便民热线         派单班长
    department_contact   desk            海口市12345政务服务便民热线         热线值班主任
    department_contact   water-affairs   海口市水务局                       12345工单联络员
    department_leader    water-affairs   海口市水务局                       分管负责人
    district_leader      460106          海口市龙华区人民政府               分管副区长
    hotline_supervisor   water-affairs   海口市12345政务服务便民热线         督办员
    supervision_office   water-affairs   海口市人民政府督查室               督查专员
    efficiency_centre    desk            海口市机关效能投诉中心             受理负责人
"""


@pytest.mark.parametrize("line", [each for each in RECEIVERS.splitlines()[2:] if each.strip()])
def test_every_role_of_the_ladder_that_ships_is_somebody_with_post_and_unit(line: str) -> None:
    role, whose, unit, post = line.split()
    of = Whose(None if whose in ("desk", "460106") else whose, whose if whose.isdecimal() else None)
    found = addressee(role, of, directory(), local("2026-11-23T10:00"))
    assert found is not None
    assert (found.unit, found.post, found.confirmed) == (unit, post, False)


def test_a_departments_own_contact_goes_before_the_one_for_all() -> None:
    own = Receiver(Role.DEPARTMENT_CONTACT, CODE, "丙", "办公室主任", "海口市水务局")
    held = replace(directory(), receivers={**SHIPPED, ("department_contact", CODE): own})
    found = addressee("department_contact", Whose(CODE), held, local("2026-11-23T10:00"))
    assert found is not None
    assert (found.name, found.confirmed, found.department) == ("丙", True, CODE)


def test_a_role_nobody_holds_climbs_to_the_next_level_and_is_named_as_missing() -> None:
    now = local("2026-11-23T10:00")
    gone = directory(None, ("department_leader", ANY))
    reached = reach(told_roles(LADDER, 2), Whose(CODE), gone, now)
    assert reached.addressee is not None
    assert (reached.addressee.role, reached.missing) == ("supervision_office", ("department_leader",))


def test_when_the_top_is_gone_too_the_hotlines_supervisor_is_told() -> None:
    now = local("2026-11-23T10:00")
    gone = directory(None, ("efficiency_centre", CITY))
    reached = reach(told_roles(LADDER, 4), Whose(CODE), gone, now)
    assert reached.addressee is not None
    assert (reached.addressee.role, reached.missing) == ("hotline_supervisor", ("efficiency_centre",))
    nobody = reach(told_roles(LADDER, 4), Whose(CODE), Directory({}, HAIKOU), now)
    assert nobody.addressee is None
    assert nobody.missing == ("efficiency_centre", "hotline_supervisor")


def test_a_month_is_no_level_to_climb_to() -> None:
    assert told_roles(LADDER, 1) == (
        "department_contact",
        "department_leader",
        "supervision_office",
        "efficiency_centre",
    )
    assert told_roles(LADDER, 13) == ("discipline",)


QUIET = """
    # quiet  urgent  climbed            told
    night    no      2026-11-23T21:59   2026-11-23T21:59
    night    no      2026-11-23T22:00   2026-11-24T07:00
    night    no      2026-11-23T23:30   2026-11-24T07:00
    night    no      2026-11-24T00:00   2026-11-24T07:00
    night    no      2026-11-24T06:59   2026-11-24T07:00
    night    no      2026-11-24T07:00   2026-11-24T07:00
    night    yes     2026-11-23T23:30   2026-11-23T23:30
    noon     no      2026-11-23T12:00   2026-11-23T14:00
    noon     no      2026-11-23T14:00   2026-11-23T14:00
    never    no      2026-11-23T03:00   2026-11-23T03:00
"""


@pytest.mark.parametrize("line", [each for each in QUIET.splitlines()[2:] if each.strip()])
def test_e8_nobody_is_woken_unless_it_is_urgent(line: str) -> None:
    name, urgent, climbed, told = line.split()
    quiet = {"night": NIGHT, "noon": DAY, "never": Quiet(time(7), time(7))}[name]
    now = local(climbed).astimezone(UTC)
    assert deliver_at(now, quiet, HAIKOU, urgent=urgent == "yes") == local(told)
    assert deliver_at(now, None, HAIKOU, urgent=False) == now


def test_quiet_hours_go_by_the_clock_on_the_wall_when_summer_time_begins() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = local("2026-03-28T23:00", berlin).astimezone(UTC)
    assert deliver_at(now, NIGHT, berlin, urgent=False) == local("2026-03-29T07:00", berlin)


def test_the_ladder_that_ships_tells_somebody_at_every_level() -> None:
    assert ladder_faults(LADDER, directory()) == []


@pytest.mark.parametrize(
    ("gone", "fault"),
    [
        (("department_contact", ANY), "level 1: nobody is department_contact of water-affairs"),
        (("department_contact", DESK), "level 1: nobody is department_contact of the desk"),
        (("operator", DESK), "level 0: nobody is operator of the desk"),
        (("department_leader", ANY), "level 2: nobody is department_leader of water-affairs"),
        (("supervision_office", CITY), "level 3: nobody is supervision_office of water-affairs"),
        (("discipline", CITY), "level 13: nobody is discipline of water-affairs"),
    ],
)
def test_e11_a_ladder_that_tells_nobody_at_some_level_is_found(gone: tuple[str, str], fault: str) -> None:
    assert fault in ladder_faults(LADDER, directory(None, gone))


def test_e11_a_receiver_nobody_knows_is_found() -> None:
    spoilt: list[Rung] = [replace(LADDER[0], receiver="mayor")]
    assert ladder_faults(spoilt, directory()) == ["level 0 names an unknown receiver 'mayor'"]


def test_a_level_with_no_receiver_is_one_fault_not_two() -> None:
    spoilt: list[Rung] = [replace(LADDER[0], receiver="")]
    assert ladder_faults(spoilt, directory()) == ["level 0 has no receiver"]
