"""Texts that would do harm where somebody forgot that data is data: name -> text."""

from __future__ import annotations

from typing import Final

TERMINAL: Final = {
    "clear screen": "a\x1b[2J\x1b[Hb",
    "colours": "\x1b[5;48;5;201mblink\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard, 8 bits": "\x9d52;c;ZXZpbA==\x9c",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "csi, 8 bits": "\x9b31mred",
    "device query": "\x1b[c\x1b[6n\x05",
    "dcs": "\x1bP+q544e\x1b\\",
    "apc and pm": "\x1b_Gf=100\x1b\\\x1b^x\x1b\\",
    "reset": "\x1bc\x1b[!p",
    "alternate screen": "\x1b[?1049h",
    "nul": "be\x00fore",
    "bell": "\x07\x07\x07",
    "backspaces": "rm\x08\x08ls",
    "carriage return": "honest\rforged",
    "forged line": "x\narc@v9  deadbeefdead\n  2020-01-01 00:00  root  forged",
    "vertical tab and form feed": "a\x0bb\x0cc",
    "delete": "a\x7fb",
    "next line": "a\x85arc@v9 forged",
    "line separators": "a\u2028arc@v9\u2029b",
    "override": "\u202etxt.exe",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "embeddings": "\u202aa\u202bb\u202c\u200e\u200f\u061c",
    "invisible": "pay\u200bpal \ufeff \u2060 \u00ad x\u200dy",
    "blank letters": "a\u3164\u115f\u1160\uffa0\u034f\u17b4b",
    "selectors": "a\ufe0f \u2764\ufe0f\ufe01\U000e0101\u180b",
    "tags": "\U000e0001\U000e0065\U000e0076\U000e0069\U000e006c",
    "private use": "\ue000\U000f0000",
    "no character": "\ufdd0\ufffe\uffff\U0010ffff",
    "shift out": "\x0e\x0flqqk",
    "whole megabyte": "word " * 200_000,
    "long word": "w" * 300_000,
}
MARKUP: Final = {
    "rich": "[bold red]x[/bold red]",
    "rich, unmatched": "[/foo]",
    "rich link": "[link=http://evil.example]y[/link] [@click=app.quit]z[/]",
    "emoji code": ":x: :smile: :skull:",
    "percent and braces": "%s %n {0.__class__} {} %(x)s",
    "markdown link": "[y](javascript:alert(1)) ![x](http://evil.example/p.png)",
    "markdown block": "\n---\n# heading\n> quote\n```\ncode",
    "markdown table": "| a | b |\n|---|---|\n| \\| c |",
    "formula": "$$\\input{/etc/passwd}$$ \\write18{ls}",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "html comment": "<!-- --><svg onload=alert(1)>]]>&lt;b&gt;",
    "html attribute": '" onmouseover="alert(1)" x=\'',
}
DOCUMENTS: Final = {
    "yaml document": "\n---\nlicense: evil\n---\n",
    "yaml object": "!!python/object/apply:os.system ['touch owned']",
    "yaml anchors": "&a [*a, *a]",
    "jinja": "{{ 7 * 7 }} {% for x in ().__class__.__mro__ %}{{ x }}{% endfor %}",
    "template": "$rows ${dataset} #{7*7} <%= 7*7 %>",
    "csv formula": "=cmd|'/C calc'!A0",
    "json": '"}],"x":[{"',
    "toml": '"""\n[base]\nname = "evil"',
}
NAMES: Final = {
    "parent folders": "../../../../etc/passwd",
    "absolute path": "/etc/passwd",
    "option": "--force",
    "home": "~root/.ssh/authorized_keys",
    "shell": "$(touch owned); `touch owned` | tee owned",
    "sql": "'; drop table negatives; --",
    "sql file": "x' union select content from read_text('/etc/passwd') --",
    "revision": "main@{u} ^v1 v1..v2",
}
VALUES: Final = {
    "huge number": "9" * 5000,
    "infinity": "-Infinity",
    "nan": "NaN",
    "null": "null",
    "combining": "Z\u0351\u036b\u0343\u036a\u0302\u036b" * 30,
    "wide": "答え" * 40,
    "emoji family": "👨\u200d👩\u200d👧 and \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
}

PAYLOADS: Final = TERMINAL | MARKUP | DOCUMENTS | NAMES | VALUES
