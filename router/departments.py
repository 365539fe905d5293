"""Use case: make, change and end departments, one by one or by the sheet; a faulty tree is refused."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from router.choose import civil_day
from router.department_store import UnitStore
from router.domain.units import Fault, Unit, ancestors, predecessors, unit_faults
from router.jurisdiction_store import JurisdictionStore
from router.published import PublishedTable
from schemas.departments import Department, DepartmentChange, DepartmentNew
from schemas.errors import Conflict, DepartmentInUse, Invalid
from services.resources import Resources


def entered(code: str, said: DepartmentChange, successor: str | None = None) -> Unit:
    """Return the unit somebody entered; the successor is a merger's to say."""
    values = said.model_dump(exclude={"code"}) | {"aliases": tuple(said.aliases)}
    return Unit(code=code, successor=successor, **values)


async def create(
    new: DepartmentNew, by: str, connection: AsyncConnection, resources: Resources
) -> Department:
    """Make a department; raises `Conflict` when its code is taken, `Invalid` when it fits nowhere."""
    store = UnitStore(connection)
    await store.hold()
    units = await store.units()
    if new.code in units:
        raise Conflict(f"There is a department {new.code} already.", pointer="/code")
    unit = entered(new.code, new)
    await _refuse_faulty(unit, {**units, unit.code: unit}, store)
    await store.add(unit, by, resources.clock.now())
    return shown(unit, {**units, unit.code: unit}, 1)


async def amend(
    code: str,
    said: DepartmentChange,
    version: int | None,
    by: str,
    connection: AsyncConnection,
    resources: Resources,
) -> Department:
    """
    Make a department what it is to be.

    Raises `Stale`, `Invalid` when it or a unit below it would fit nowhere, and
    `DepartmentInUse` when it would end with work in its hands.
    """
    store = UnitStore(connection)
    await store.hold()
    before, _ = await store.get(code, version=version)
    after = entered(code, said, before.successor)
    units = {**await store.units(), code: after}
    await _refuse_faulty(after, units, store)
    await refuse_in_use(before, after, connection, resources)
    await store.change(before, after, by, resources.clock.now())
    return shown(after, units, (await store.get(code))[1])


async def refuse_in_use(before: Unit, after: Unit, connection: AsyncConnection, resources: Resources) -> None:
    """
    Raise `DepartmentInUse` when a department would end without a successor and still be needed.

    The last day of one that is merged is the merger's: raises `Conflict` when it would change.
    """
    ends = after.valid_to
    if after.successor is not None and ends != before.valid_to:
        raise Conflict(f"{after.name} is merged into {after.successor}: see its merger.", pointer="/valid_to")
    if ends is None or after.successor is not None or (before.valid_to and before.valid_to <= ends):
        return
    store = UnitStore(connection)
    today = civil_day(resources.clock.now(), resources)
    published = await JurisdictionStore(connection).versions(str(resources.settings.zone))
    in_force = (await resources.part(PublishedTable).in_force(connection, today)).table.version
    coming = [each.version for each in published if each.first_day > today]
    units = await store.units()
    served = predecessors(after.code, units)
    count, some = await store.open_tickets(after.code, *served)
    rows = await store.rows_naming({after.code, *served}, [in_force, *coming], ends)
    merging = [code for code in served if units[code].in_force(ends)]
    if count or rows or merging:
        raise DepartmentInUse(
            f"{after.name} has {count} open tickets, {len(rows)} rows of the jurisdiction table "
            f"and no successor: merge it into another.",
            open_tickets=count,
            tickets=some,
            jurisdiction_rows=rows,
            merging=merging,
            pointer="/valid_to",
        )


def all_faults(
    changed: Mapping[str, Unit], units: Mapping[str, Unit], divisions: frozenset[str]
) -> list[Fault]:
    """Return the faults of the units that change and of those below them."""
    above = {code: {each.code for each in ancestors(unit, units)} for code, unit in units.items()}
    looked_at = [unit for code, unit in units.items() if above[code] & changed.keys()]
    return [fault for unit in looked_at for fault in unit_faults(unit, units, divisions)]


def shown(unit: Unit, units: Mapping[str, Unit], version: int) -> Department:
    """Return a department as it is shown."""
    values = {name: getattr(unit, name) for name in Unit.__slots__}
    depth = sum(1 for _ in ancestors(unit, units)) - 1
    return Department(**values | {"aliases": list(unit.aliases)}, depth=depth, version=version)


def in_tree_order(units: Mapping[str, Unit]) -> list[Unit]:
    """Return the units with those below each right after it."""

    def path(unit: Unit) -> tuple[str, ...]:
        return tuple(reversed([each.code for each in ancestors(unit, units)]))

    return sorted(units.values(), key=path)


async def _refuse_faulty(unit: Unit, units: Mapping[str, Unit], store: UnitStore) -> None:
    faults = all_faults({unit.code: unit}, units, frozenset(await store.divisions()))
    if faults:
        first = faults[0]
        pointer = f"/{first.column}" if first.unit == unit.code else None
        says = [f"{each.unit}: {each.says}" for each in faults]
        raise Invalid(";".join(says[:5]), pointer=pointer)
