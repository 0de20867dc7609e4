"""Colours for PromQL with the names of recorded series in it."""

from typing import ClassVar

from pygments.lexer import inherit
from pygments.lexers.promql import PromQLLexer
from pygments.token import Name


class RecordedPromQL(PromQLLexer):
    """Knows names with colons too, such as ``customer:sendgrid_reputation:ratio``, which Pygments' own does not."""

    tokens: ClassVar = {"root": [(r"[a-zA-Z_]\w*(?::\w+)+", Name.Variable), inherit]}
