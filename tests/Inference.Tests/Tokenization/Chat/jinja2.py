# What Jinja2 makes of chat templates, set up as Hugging Face's transformers sets it up.
# stdin: {"cases": [{"template": "...", "messages": [...], "addGenerationPrompt": bool}]}; stdout: [{"text": "..."} or {"error": "..."}].
import json
import sys

sys.path.pop(0)  # This file's own folder, where it would be taken for the library.
try:
    import jinja2
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError:
    print("needs Jinja2 3 for python3: apt-get install python3-jinja2", file=sys.stderr)
    sys.exit(77)
from datetime import datetime


class Generation(Extension):
    """The tag generation, which marks what the assistant said."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_said"), [], [], body).set_lineno(line)

    def _said(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda pattern: datetime(2026, 3, 9, 14, 5, 7).strftime(pattern)

results = []
for case in json.load(sys.stdin)["cases"]:
    try:
        results.append({"text": environment.from_string(case["template"]).render(
            messages=case["messages"], tools=None, documents=None, add_generation_prompt=case["addGenerationPrompt"], bos_token="<s>", eos_token="</s>")})
    except Exception as e:
        results.append({"error": f"{type(e).__name__}: {e}"})
json.dump(results, sys.stdout)
