"""The entry point of the command ``eos``."""

import sys

from saltext.eos.cli import parser, streams
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable


def main():
    """Run the command line. Returns the exit code."""
    with streams.usable():
        try:
            return _flushed()
        except UsageError as error:
            print(f"eos: {printable(str(error))}", file=sys.stderr)
            if isinstance(error, streams.Unwritable):
                streams.discard(sys.stdout)
        except EOFError:
            # Ctrl-D at a question, which is asked before anything starts.
            print("eos: nothing was started: there was no answer", file=sys.stderr)
        except KeyboardInterrupt:
            print("eos: interrupted", file=sys.stderr)
        except BrokenPipeError:
            streams.discard(sys.stdout)
        return 1


def _flushed():
    """The exit code, after all is written that was printed."""
    try:
        code = _run(parser.parsed(sys.argv[1:]))
    except SystemExit:
        # Of argparse, such as after the help.
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return code


def _run(options):
    if options.name == "completion":
        from saltext.eos.cli import completion

        return completion.show(options.shell)
    if options.name == "schema":
        from saltext.eos.cli import schema

        return schema.show()
    # Imported late, because the help needs none of these.
    from saltext.eos.cli import call, confirm, inputs, page, places, shown

    made, page_file = page.asked(call.made(options))
    place = places.of(options)
    if getattr(options, "secrets", None):
        if made.gives_again:
            inputs.give_again(options.secrets, here=place.here)
        else:
            given = inputs.secrets(
                options.secrets, here=place.here, component=made.only_component()
            )
            made = made.having(secrets=given)
    if getattr(options, "variables", None):
        made = made.having(variables=inputs.variables(options.variables))
    if getattr(options, "env_vars", None):
        made = made.having(env_vars=inputs.texts("--env", options.env_vars))
    if getattr(options, "job", None):
        made = made.having(job=inputs.file_text("--job", options.job))
    with place:
        agreed, report = confirm.agreed(
            made, options, place, lambda one: shown.text(one, sys.stderr, place.command_line)
        )
        if agreed:
            report = place.report(agreed)
    if page_file:
        report = page.kept(report, page_file)
    try:
        if options.json:
            shown.document(report)
        else:
            shown.text(report, command_line=place.command_line)
    except streams.Unwritable as error:
        where = "; eos history shows what the run did" if made.changes else ""
        raise streams.Unwritable(f"the report could not be shown: {error}{where}") from error
    return shown.exit_code(report, detailed=getattr(options, "detailed_exitcode", False))
