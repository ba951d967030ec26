"""Text that XML can hold."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no `Char` of XML 1.0, not even escaped: control characters, U+FFFE and U+FFFF."""


def xml_text(text: str) -> str:
    """`text` with the replacement character in place of each that XML 1.0 forbids."""
    return _FORBIDDEN.sub("\ufffd", text)
