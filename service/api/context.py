"""What a request is given: the office as its caller has it, and the request's number."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request

from service.wiring import Office

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


async def office_of(request: Request) -> Office:
    """Return the office as this request's caller has it: actor, role, regions; the gate (``service.security.gate``) made it."""
    office: Office = request.state.office
    return office


async def request_id_of(request: Request) -> str:
    """Return the request's number, given by the guard."""
    number: str = request.scope["onemonth.request_id"]
    return number


def wellformed(request_id: str) -> bool:
    """Whether a caller's request number may be kept."""
    return _REQUEST_ID.fullmatch(request_id) is not None


AnOffice = Annotated[Office, Depends(office_of)]
RequestId = Annotated[str, Depends(request_id_of)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$",
        description="The same key again returns the first answer and changes nothing.",
    ),
]  # fmt: skip
