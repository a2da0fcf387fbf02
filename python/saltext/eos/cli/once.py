"""An option whose value may be given once. argparse itself takes the last value, and says nothing of the others."""

import argparse


class Once(argparse.Action):
    """Stores the value. Another value of the same option is refused, before the verb and after it too.

    The parser's ``given`` has the values so far. The parsers of all verbs share it.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        before = parser.given.setdefault(self.dest, values)
        if before != values:
            flag = self.option_strings[0]
            parser.exit(
                1, f"{parser.prog}: {flag} has two values: {before} and {values}. Give it once\n"
            )
        setattr(namespace, self.dest, values)
