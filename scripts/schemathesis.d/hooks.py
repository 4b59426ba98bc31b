"""What the OpenAPI document does not say in a way that generators of clients understand."""

import re
import uuid

import schemathesis


def is_id(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 2**31


def one_way(body):
    """An id or a name, not both; one product or a list of them, each of which is named."""
    body = dict(body)
    for number, name in [("product_id", "product"), ("user_id", "salesperson")]:
        if is_id(body.get(number)):
            body.pop(name, None)
    lines = body.get("products")
    if isinstance(lines, list):
        if is_id(body.get("product_id")):
            body["product_id"] = 0
        body.pop("product", None)
        body["products"] = [named(line) for line in lines]
    return body


def named(line):
    if not isinstance(line, dict) or not set(line) <= {"product_id", "product", "qty", "price"}:
        return line
    name = line.get("product")
    if is_id(line.get("product_id")):
        return {key: value for key, value in line.items() if key != "product"}
    if "product_id" in line or (isinstance(name, str) and name.strip()):
        return line
    return {**line, "product_id": 1}


@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body
    if isinstance(body, dict):
        case.body = one_way(body)
    # A key belongs to one request; generators use one again.
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[!-~]([ -~]{0,253}[!-~])?", key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
