"""Reads PromQL expressions, each a JSON text, with Prometheus' own grammar.

Prints for each the metrics that it names, with the labels that it matches or groups by.
"""

import json
import sys
from typing import Any

import promql_parser as promql

CHILDREN = ("lhs", "rhs", "expr", "vector_selector", "param")


def selected(node: Any, groups: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
        groups = (*groups, *node.modifier.labels)
    if isinstance(node, promql.VectorSelector):
        labels = [one.name for one in node.matchers.matchers if one.name != "__name__"]
        return [{"metric": node.name, "labels": sorted({*labels, *groups})}]
    below = [getattr(node, name, None) for name in CHILDREN] + list(getattr(node, "args", []))
    return [found for one in below if one is not None for found in selected(one, groups)]


for argument in sys.argv[1:]:
    print(json.dumps(selected(promql.parse(json.loads(argument)))))
