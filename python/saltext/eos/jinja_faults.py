"""Why Jinja could not render a file, in words that cannot have a value of the pillar.

Jinja's own message may quote a value, also one that a function has returned. Of the file, only words are shown that
stand where no value can be: the name of a file to import, of a function of Salt, and words of Jinja's own language.
"""

import re

import jinja2.exceptions

# What Jinja's syntax errors may quote: words of its language, and its names for parts of it.
_LANGUAGE = re.compile(
    "and|as|autoescape|block|call|context|do|elif|else|end(autoescape|block|call|filter|for|if|macro|raw|set|with)|extends|filter|for|from|if|ignore|import|"
    "import_json|import_text|import_yaml|in|include|is|load_json|load_text|load_yaml|macro|missing|not|or|raw|"
    "recursive|required|scoped|set|with|without|float|integer|name|operator|string|template data / text|"
    "end of template|(begin|end) of (comment|print statement|statement block)"
)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_IMPORTS = (
    r"\{%%-?\s*(?:extends|from|include|import|import_json|import_text|import_yaml)\s+['\"]%s['\"]"
)
_FUNCTION = re.compile(r"\bsalt(?:\[\s*['\"]([a-z_]\w*\.\w+)['\"]\s*\]|\.([a-z_]\w*\.\w+))")


def why(error, source):
    """``error``: as Salt's renderer raised it. ``source``: the text of the file, if it is known."""
    cause = error.__context__ or error
    source = source or ""
    if isinstance(cause, jinja2.exceptions.TemplateNotFound):
        return _not_found(str(cause.name), source)
    if isinstance(cause, jinja2.exceptions.UndefinedError):
        return _undefined(str(cause.message), source)
    if isinstance(cause, jinja2.exceptions.TemplateSyntaxError):
        return _syntax(str(cause.message))
    if cause is error:
        return ""
    return f"an expression fails with {type(cause).__name__}"


def _not_found(name, source):
    literal = re.search(_IMPORTS % re.escape(name), source)
    return f"there is no file {name}" if literal else "there is no such file to import"


def _undefined(message, source):
    wanted = re.search(r"Loader object' has no attribute '([^']*)'$", message)
    if wanted:
        named = (first or second for first, second in _FUNCTION.findall(source))
        function = next((one for one in named if wanted[1] in (one, one.partition(".")[0])), None)
        return f"there is no function {function}" if function else "there is no such function"
    if message.endswith("is undefined"):
        return "a name is not defined"
    return "a value has no such key or attribute"


def _syntax(message):
    """The message, without the words that are not Jinja's own."""
    told = " ".join(_QUOTED.sub(_masked, message).split()).rstrip(".")
    if set(_QUOTED.sub("", told)) & set("'\""):
        return "a syntax error"
    return f"{told[:1].lower()}{told[1:]}"


def _masked(quoted):
    word = quoted[1] or quoted[2] or ""
    is_sign = len(word) <= 3 and not any(map(str.isalnum, word))
    return f"'{word}'" if _LANGUAGE.fullmatch(word) or is_sign else "'...'"
