"""Kubernetes quantities in canonical form, as the API server rewrites them (`1000m` -> `1`, `0.5Gi` -> `512Mi`).

What is sent in another form would come back changed and look like drift.
"""

import re
from decimal import Decimal
from typing import Any

_EXPONENT = re.compile(r"([0-9]+(?:[.][0-9]*)?)[eE]([+-]?[0-9]{1,2})")
_QUANTITY = re.compile(r"([0-9]+(?:[.][0-9]+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_DECIMAL = {"m": Decimal("0.001"), "": Decimal(1)} | {
    suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)
}
_BINARY = {suffix + "i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}


def whole_quantity(value: int | str) -> int | None:
    """The amount, such as bytes, rounded down; None if it is not understood."""
    if match := _EXPONENT.fullmatch(str(value)):
        return int(Decimal(match[1]).scaleb(int(match[2])))
    if match := _QUANTITY.fullmatch(str(value)):
        return int(Decimal(match[1]) * (_DECIMAL | _BINARY)[match[2] or ""])
    return None


def canonical_quantity(value: int | str) -> str:
    """The canonical form; unusual notations (exponents, signs, nano) are returned as they are."""
    match = _QUANTITY.fullmatch(str(value))
    if not match:
        return str(value)
    number, suffix = Decimal(match[1]), match[2] or ""
    family = {"": Decimal(1), **_BINARY} if suffix in _BINARY else _DECIMAL
    amount = number * family[suffix]
    if amount == 0:
        return "0"
    for name, factor in sorted(family.items(), key=lambda item: -item[1]):
        if amount % factor == 0:
            return f"{int(amount // factor)}{name}"
    return str(value)


def canonical_resources(resources: dict[str, Any] | None) -> dict[str, Any] | None:
    """`resources` of a container with every quantity canonical."""
    if resources is None:
        return None
    return {
        group: {name: canonical_quantity(value) for name, value in amounts.items()}
        for group, amounts in resources.items()
    }
