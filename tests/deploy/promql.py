"""Reads a PromQL expression: which metrics and labels it asks for, and which labels its answer carries.

Labels are a frozen set of names, or None where any name may stand: the configuration adds labels of its own to the
customers' info metrics.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import promql_parser as promql

Labels: TypeAlias = frozenset[str] | None
Known: TypeAlias = Mapping[str, Labels]
NONE: Labels = frozenset()
# What tells replicas apart, on whatever series a scrape leaves it: `unless` may match a series with its own replica,
# and an aggregation may keep both, which is each replica by itself.
OF_REPLICAS = frozenset({"instance", "pod"})
_SET_OPERATORS = ("and", "unless")
_KEEP_ALL_LABELS = ("topk", "bottomk")


def mistakes(text: str, known: Known) -> list[str]:
    """Return what an expression gets wrong: a syntax error, or each metric and label that nothing has."""
    try:
        expression = promql.parse(text)
    except ValueError as error:
        return [f"not PromQL: {error}"]
    return [mistake for node in nodes(expression) for mistake in _of_node(node, known)]


def nodes(expression: Any) -> Iterator[Any]:
    """Yield every part of an expression, itself first."""
    found: list[Any] = []
    promql.walk(expression, found.append)
    return iter(found)


def metrics(text: str) -> frozenset[str]:
    """Return the names of the metrics that an expression asks for."""
    selectors = (node for node in nodes(promql.parse(text)) if isinstance(node, promql.VectorSelector))
    return frozenset(node.name for node in selectors if node.name)


def labels_of(node: Any, known: Known) -> Labels:
    """Return the labels that an expression's answer may carry."""
    for kind, labels in _LABELS.items():
        if isinstance(node, kind):
            return labels(node, known)
    return NONE


def _of_node(node: Any, known: Known) -> Iterator[str]:
    if isinstance(node, promql.VectorSelector):
        yield from _of_selector(node, known)
    elif isinstance(node, promql.AggregateExpr) and node.modifier:
        names = frozenset(node.modifier.labels)
        names = names - OF_REPLICAS if names > OF_REPLICAS else names
        yield from _lacking(sorted(names), labels_of(node.expr, known), f"{node.op} {node.modifier}")
    elif isinstance(node, promql.BinaryExpr) and node.modifier:
        yield from _of_matching(node, known)
    elif isinstance(node, promql.Call) and node.func.name == "label_replace":
        yield from _lacking([node.args[3].val], labels_of(node.args[0], known), "label_replace")


def _of_selector(node: Any, known: Known) -> Iterator[str]:
    matchers = [each for each in node.matchers.matchers if each.name != "__name__" and not _asks_for_replicas(each)]
    if node.name:
        if node.name not in known:
            yield f"no metric is named {node.name}"
        else:
            yield from _lacking([each.name for each in matchers], known[node.name], node.name)
        return
    patterns = [each.value for each in node.matchers.matchers if each.name == "__name__"]
    if not any(re.fullmatch(pattern, name) for pattern in patterns for name in known):
        yield f"no metric is found by {node}"


def _asks_for_replicas(matcher: Any) -> bool:
    """Tell whether a matcher such as ``pod!=""`` only asks whether replicas are told apart by a label."""
    return matcher.name in OF_REPLICAS and matcher.op == promql.MatchOp.NotEqual and not matcher.value


def _of_matching(node: Any, known: Known) -> Iterator[str]:
    left, right = labels_of(node.lhs, known), labels_of(node.rhs, known)
    where = f"{node.op} {node.modifier}"
    matching = node.modifier.matching
    if matching and matching.type == promql.LabelModifierType.Include:
        names = [name for name in matching.labels if str(node.op) != "unless" or name not in OF_REPLICAS]
        yield from _lacking(names, left, f"left of {where}")
        yield from _lacking(names, right, f"right of {where}")
    one = left if node.modifier.card == promql.VectorMatchCardinality.OneToMany else right
    yield from _lacking(node.modifier.group_labels or (), one, where)


def _lacking(names: Any, labels: Labels, where: str) -> Iterator[str]:
    if labels is not None:
        yield from (f"{where}: no label {name}" for name in names if name not in labels)


def _union(left: Labels, right: Labels) -> Labels:
    return None if left is None or right is None else left | right


def _of_aggregate(node: Any, known: Known) -> Labels:
    inner = labels_of(node.expr, known)
    if node.modifier is None:
        return inner if str(node.op) in _KEEP_ALL_LABELS else NONE
    names = frozenset(node.modifier.labels)
    if node.modifier.type == promql.AggModifierType.By:
        return names
    return None if inner is None else inner - names


def _of_binary(node: Any, known: Known) -> Labels:
    left, right = labels_of(node.lhs, known), labels_of(node.rhs, known)
    if str(node.op) == "or":
        return _union(left, right)
    if str(node.op) in _SET_OPERATORS or isinstance(_bare(node.rhs), promql.NumberLiteral):
        return left
    if isinstance(_bare(node.lhs), promql.NumberLiteral):
        return right
    return _of_matched(node, left, right)


def _of_matched(node: Any, left: Labels, right: Labels) -> Labels:
    modifier = node.modifier
    if modifier and modifier.card != promql.VectorMatchCardinality.OneToOne:
        many = right if modifier.card == promql.VectorMatchCardinality.OneToMany else left
        return _union(many, frozenset(modifier.group_labels or ()))
    if modifier and modifier.matching:
        names = frozenset(modifier.matching.labels)
        if modifier.matching.type == promql.LabelModifierType.Include:
            return names
        return None if left is None else left - names
    # Without labels one side is a scalar: a call of time() or scalar().
    return left or right


def _bare(node: Any) -> Any:
    while isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        node = node.expr
    return node


def _of_call(node: Any, known: Known) -> Labels:
    vectors = [each for each in node.args if not isinstance(each, promql.NumberLiteral | promql.StringLiteral)]
    if node.func.name in {"vector", "scalar", "time"} or not vectors:
        return NONE
    if node.func.name in {"absent", "absent_over_time"}:
        return _of_absent(vectors[0])
    labels = labels_of(vectors[0], known)
    if node.func.name in {"label_replace", "label_join"}:
        return _union(labels, frozenset({node.args[1].val}))
    if node.func.name == "histogram_quantile" and labels is not None:
        return labels - {"le"}
    return labels


def _of_absent(node: Any) -> Labels:
    selector = node.vector_selector if isinstance(node, promql.MatrixSelector) else _bare(node)
    if not isinstance(selector, promql.VectorSelector):
        return NONE
    return frozenset(each.name for each in selector.matchers.matchers if each.op == promql.MatchOp.Equal)


_LABELS: Mapping[type, Callable[[Any, Known], Labels]] = {
    promql.VectorSelector: lambda node, known: known.get(node.name) if node.name in known else None,
    promql.MatrixSelector: lambda node, known: labels_of(node.vector_selector, known),
    promql.SubqueryExpr: lambda node, known: labels_of(node.expr, known),
    promql.ParenExpr: lambda node, known: labels_of(node.expr, known),
    promql.UnaryExpr: lambda node, known: labels_of(node.expr, known),
    promql.AggregateExpr: _of_aggregate,
    promql.BinaryExpr: _of_binary,
    promql.Call: _of_call,
}
