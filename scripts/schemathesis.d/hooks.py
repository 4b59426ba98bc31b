"""What the OpenAPI document does not say in a way that generators of clients understand."""

import re
import uuid

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    # One product or a list of them, not both.
    body = case.body
    if isinstance(body, dict) and body.get("products") is not None:
        one = body.get("product_id")
        if isinstance(one, (int, float)) and 0 < one < 2**31:
            case.body = {**body, "product_id": 0}
    # A key belongs to one request; generators use one again.
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[!-~]([ -~]{0,253}[!-~])?", key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
