"""What a department is shown of a caller: enough to know whom it will speak to, not who they are."""

from intake.domain.person import address
from schemas.ticket import Caller, CallerType, Proxy

HIDDEN = "*"


def masked_id(number: str) -> str:
    """Return an ID number with its first six and last four characters; a short one with none."""
    if len(number) <= 10:
        return HIDDEN * len(number)
    return number[:6] + HIDDEN * (len(number) - 10) + number[-4:]


def masked_phone(number: str) -> str:
    """Return a phone number with the three digits after its country code and its last four: 138****1234."""
    local = number.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}" if len(local) >= 9 else HIDDEN * len(local)


def masked_name(name: str) -> str:
    """Return the surname and how to address it; of a name in other letters, the first one."""
    surname, honorific = address(name)
    if surname is None:
        return f"{name[:1]}**"
    return surname + (honorific or "先生/女士")


def for_department(caller: Caller) -> Caller:
    """
    Return a caller as the handling department sees them.

    Withheld: nothing but the type. A proxy is the one to speak to, so of the
    person behind it only the name is shown. An enterprise's name is public.
    """
    if caller.withheld:
        return for_co_handler(caller)
    name, phone = caller.name, caller.phone
    shown = {
        "name": name and (name if caller.type is CallerType.ENTERPRISE else masked_name(name)),
        "phone": phone and masked_phone(phone) if caller.proxy is None else None,
        "id_number": None,
        "proxy": caller.proxy and _masked_proxy(caller.proxy),
    }
    return caller.model_copy(update=shown)


def for_co_handler(caller: Caller) -> Caller:
    """Return a caller as a department that only helps sees them: nothing but the type."""
    return caller.model_copy(update=dict.fromkeys(("name", "phone", "id_number", "credit_code", "proxy")))


def _masked_proxy(proxy: Proxy) -> Proxy:
    shown = {"name": masked_name(proxy.name), "phone": proxy.phone and masked_phone(proxy.phone)}
    return proxy.model_copy(update=shown)
