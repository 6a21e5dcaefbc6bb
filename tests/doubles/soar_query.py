"""SOAR's list queries: pages, order, and filters with their quoting rules.

    _filter_NAME[__OP]=VALUE      "text" in double quotes, 42, True, None, [..]

A value that is none of these, or a field that does not exist, gives
{"failed": true} with status 200, as the real one does for a bare `true`.
"""
import json
import re

OPERATORS = {
    "contains": lambda have, want: want in str(have),
    "icontains": lambda have, want: want.lower() in str(have).lower(),
    "iexact": lambda have, want: want.lower() == str(have).lower(),
    "startswith": lambda have, want: str(have).startswith(want),
    "gt": lambda have, want: have > want,
    "gte": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "lte": lambda have, want: have <= want,
    "in": lambda have, want: have in want,
    "range": lambda have, want: want[0] <= have <= want[1],
    "regex": lambda have, want: re.search(want, str(have)) is not None,
    "isnull": lambda have, want: (have is None) == want,
    "exact": lambda have, want: have == want,
}
WORDS = {"True": True, "False": False, "None": None}


def value_of(text):
    """The value of a filter; ValueError where it is not written as one."""
    if text in WORDS:
        return WORDS[text]
    if text in ("true", "false", "null", "NaN", "Infinity", "-Infinity"):
        raise ValueError(text)
    value = json.loads(text)
    if isinstance(value, dict):
        raise ValueError(text)
    return value


def condition(name, text):
    field, _, operator = name.partition("__")
    return field, OPERATORS[operator or "exact"], value_of(text)


def listing(rows_with, query, show):
    """`rows_with(field, value)` gives at least all rows that are equal there;
    `show(row)` is how a row looks to a client, with all its fields."""
    try:
        return page(rows_with, query, show)
    except (KeyError, ValueError, TypeError, IndexError, re.error):
        return {"failed": True}


def page(rows_with, query, show):
    options = {"page": "0", "page_size": "10", "sort": "id", "order": "asc"}
    conditions = []
    for name, text in query:
        if name.startswith("_filter_"):
            conditions.append(condition(name[len("_filter_"):], text))
        elif name in options:
            options[name] = text
    equal = [one for one in conditions if one[1] is OPERATORS["exact"]
             and isinstance(one[2], (str, int))]
    first = equal[0] if equal else (None, None, None)
    rows = [show(row) for row in rows_with(first[0], first[2])]
    for field, holds, value in conditions:
        rows = [row for row in rows if holds(row[field], value)]
    rows.sort(key=lambda row: row[options["sort"]],
              reverse=options["order"] == "desc")
    size, number = int(options["page_size"]), int(options["page"])
    if size < 0 or number < 0:
        raise ValueError("page")
    size = size or max(1, len(rows))
    return {"count": len(rows), "num_pages": -(-len(rows) // size),
            "data": rows[number * size:(number + 1) * size]}
