//! The text of one file in Terraform's own notation, parsed.

use hcl::eval::{Context, Evaluate};
use hcl::{Body, Error, Expression};
use serde_json::Value;

/// Where the parser is stricter than Terraform, which takes the last of equal keys and any number
/// of operators. Deeper nesting than its 64 levels is refused: it is there to save the stack.
const STRICTER: [&str; 2] = ["redefined object key", "chained binary operators"];
/// Blocks of which only the header matters to us.
const OPAQUE: [&str; 6] = ["locals", "resource", "data", "ephemeral", "module", "check"];

/// The parser's 64 levels take up to 3 MiB in a debug build, and the thread that we are called on may have less.
const STACK: usize = 16 << 20;

/// The top level of a file. The reason names line and column, and quotes nothing of the file, which
/// may hold what nobody should read in a log.
pub fn body(text: &str) -> Result<Body, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    with_room(|| read_around(&text))?
}

/// A constraint or another expression, from a text of the JSON notation.
pub fn expression(text: &str) -> Option<Expression> {
    with_room(|| text.parse().ok()).ok()?
}

/// A value that names nothing and calls nothing, as where Terraform wants a constant.
pub fn constant(expression: &Expression) -> Option<Value> {
    let value = expression.evaluate(&Context::new()).ok()?;
    serde_json::to_value(value).ok()
}

fn with_room<T: Send>(parse: impl FnOnce() -> T + Send) -> Result<T, String> {
    let stopped = || "the parser stopped half-way".to_owned();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, parse);
        thread.map_err(|error| format!("no thread to parse in: {error}"))?.join().map_err(|_| stopped())
    })
}

fn read_around(text: &str) -> Result<Body, String> {
    let mut error = match hcl::parse(text) {
        Ok(body) => return Ok(body),
        Err(error) => error,
    };
    let mut lines: Vec<&str> = text.lines().collect();
    while let Some(place) = stricter(&error) {
        if !empty_block(&mut lines, place) {
            break;
        }
        match hcl::parse(&lines.join("\n")) {
            Ok(body) => return Ok(body),
            Err(next) => error = next,
        }
    }
    Err(explain(&error))
}

fn explain(error: &Error) -> String {
    match error {
        Error::Parse(error) => {
            let at = error.location();
            format!("a syntax error in line {}, column {}: {}", at.line(), at.column(), error.message())
        }
        other => format!("a syntax error: {other}"),
    }
}

/// The line, counted from 0, of something that Terraform would take.
fn stricter(error: &Error) -> Option<usize> {
    let Error::Parse(error) = error else {
        return None;
    };
    let known = STRICTER.iter().any(|reason| error.message().contains(reason));
    known.then(|| error.location().line().saturating_sub(1))
}

/// Takes the content out of the formatted block around a line, if it is one that we can do without.
fn empty_block(lines: &mut [&str], place: usize) -> bool {
    let opens = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic()) && line.ends_with('{');
    let Some(start) = lines[..place.min(lines.len())].iter().rposition(opens) else {
        return false;
    };
    let kind = lines[start].split([' ', '"', '{']).next().unwrap_or_default();
    let Some(length) = lines[start..].iter().position(|line| *line == "}") else {
        return false;
    };
    if !OPAQUE.contains(&kind) || start + length <= place {
        return false;
    }
    lines[start + 1..start + length].fill("");
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terraform_takes_and_the_parser_refuses_is_read_around() {
        let twice = "variable \"a\" {}\nlocals {\n  a = {\n    b = 1\n    b = 2\n  }\n}\nvariable \"b\" {}\n";
        let long = format!(
            "variable \"a\" {{}}\nlocals {{\n  a = {}1\n}}\nvariable \"b\" {{}}\n",
            "1 + ".repeat(300)
        );
        for text in [twice, &long] {
            let found = body(text).unwrap();
            assert_eq!(found.blocks().filter(|block| block.identifier() == "variable").count(), 2);
        }
    }

    #[test]
    fn an_error_after_what_is_read_around_has_its_own_line() {
        let text = "locals {\n  a = { b = 1, b = 2 }\n}\nvariable \"a\" {\n  default = = 1\n}\n";
        assert!(body(text).unwrap_err().contains("line 5"));
    }

    #[test]
    fn a_key_given_twice_in_a_variable_is_refused_with_its_line() {
        let reason = body("variable \"a\" {\n  default = { b = 1, b = 2 }\n}\n").unwrap_err();
        assert!(reason.contains("line 2") && reason.contains("redefined"), "{reason}");
    }

    #[test]
    fn a_syntax_error_quotes_nothing_of_the_file() {
        let reason = body("variable \"a\" {\n  default = \"hunter2\" \"hunter2\"\n}\n").unwrap_err();
        assert!(reason.contains("line 2") && !reason.contains("hunter2"), "{reason}");
    }

    #[test]
    fn windows_line_endings_change_nothing() {
        assert!(body("locals {\r\n  a = [\r\n    for\r\n    x in y : x\r\n  ]\r\n}\r\n").is_ok());
    }

    #[test]
    fn nesting_is_refused_long_before_the_stack_ends() {
        let openings = [
            "(",
            "[",
            "{a=",
            "f(",
            "x[",
            "!",
            "-",
            "\"${",
            "\"%{if ",
            "\"%{for x in ",
            "\"%{if x}",
            "\"%{for x in y}",
            "x?",
            "[for x in ",
            "<<A\n${",
        ];
        for open in openings {
            let reason = body(&format!("locals {{\n  a = {}\n}}\n", open.repeat(20_000))).unwrap_err();
            assert!(reason.contains("syntax error"), "{reason}");
        }
        assert!(body(&"a {\n".repeat(20_000)).is_err());
    }
}
