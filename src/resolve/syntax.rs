//! What an argument is worth: the few that matter here are read by hcl-rs, each alone.

use hcl::Expression;
use hcl::eval::{Context, Evaluate};
use serde_json::Value;

use super::block::Argument;
use super::body::{Piece, unescape};
use super::json::Json;
use super::lexer::{Bracket, Kind, Token};

/// The 64 levels that hcl-rs takes need up to 3 MiB in a debug build, and the calling thread may have less.
const STACK: usize = 16 << 20;

/// Reads with as much stack as the parser can need.
pub fn with_room<T: Send>(read: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        let thread = thread.map_err(|error| format!("no thread to read the module in: {error}"))?;
        thread.join().map_err(|_| "the reader of modules stopped half-way".to_owned())
    })
}

/// None where the parser takes it not, which does not mean that Terraform does not.
pub fn expression(piece: &Piece) -> Option<Expression> {
    parse(plain(piece).trim())
}

/// From a text of the JSON notation.
pub fn parse(text: &str) -> Option<Expression> {
    text.parse().ok()
}

/// A value that names nothing and calls nothing, as where Terraform wants a constant.
pub fn constant(expression: &Expression) -> Option<Value> {
    let value = expression.evaluate(&Context::new()).ok()?;
    serde_json::to_value(value).ok()
}

/// A bool, as Terraform takes it: the text `"true"` is one too.
pub fn flag(argument: &Argument) -> Option<bool> {
    let of_text = |text: &str| match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    match argument {
        Argument::Json(Json::Flag(flag)) => Some(*flag),
        Argument::Json(Json::Text(text)) => of_text(text),
        Argument::Json(_) => None,
        Argument::Native(piece) => match word(piece).as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => match constant(&expression(piece)?)? {
                Value::Bool(flag) => Some(flag),
                Value::String(text) => of_text(&text),
                _ => None,
            },
        },
    }
}

/// What is one word, and nothing else.
pub fn word(piece: &Piece) -> Option<String> {
    let tokens = piece.tokens();
    let mut tokens = tokens.iter().filter(|token| token.kind != Kind::Newline);
    let first = tokens.next().filter(|token| token.kind == Kind::Word)?;
    tokens.next().is_none().then(|| text(piece, first).into_owned())
}

/// A quoted text without templates, and nothing else.
pub fn literal(piece: &Piece) -> Option<String> {
    let tokens = piece.tokens();
    let kinds: Vec<_> = tokens.iter().map(|token| token.kind).filter(|kind| *kind != Kind::Newline).collect();
    match kinds.as_slice() {
        [Kind::Open(Bracket::Quote), middle @ .., Kind::Close(Bracket::Quote)]
            if middle.iter().all(|kind| *kind == Kind::Literal) =>
        {
            let literals = tokens.iter().filter(|token| token.kind == Kind::Literal);
            Some(unescape(&literals.map(|token| text(piece, token)).collect::<String>()))
        }
        _ => None,
    }
}

fn text<'a>(piece: &'a Piece, token: &Token) -> std::borrow::Cow<'a, str> {
    String::from_utf8_lossy(&piece.text()[token.start..token.end])
}

/// The same expression without what hcl-rs reads otherwise than Terraform: heredocs, which become quoted texts,
/// comments, and line breaks where they mean nothing.
fn plain(piece: &Piece) -> String {
    let tokens = piece.tokens();
    let mut plain = String::new();
    // The brackets that are open, and whether a newline separates in them.
    let mut open: Vec<(Bracket, bool)> = Vec::new();
    let mut end = 0;
    for (place, token) in tokens.iter().enumerate() {
        let within = open.last().copied();
        let in_text = matches!(within, Some((Bracket::Quote | Bracket::Heredoc, _)));
        if token.start > end && !in_text {
            plain.push(' ');
        }
        end = token.end;
        match token.kind {
            Kind::Newline if within.is_some_and(|(_, separates)| separates) => plain.push('\n'),
            Kind::Newline => plain.push(' '),
            Kind::Open(Bracket::Heredoc) | Kind::Close(Bracket::Heredoc) => plain.push('"'),
            Kind::Literal if within.is_some_and(|(bracket, _)| bracket == Bracket::Heredoc) => {
                quote(&text(piece, token), &mut plain);
            }
            _ => plain.push_str(&text(piece, token)),
        }
        match token.kind {
            Kind::Open(bracket) => {
                let next = tokens[place + 1..].iter().find(|next| next.kind != Kind::Newline);
                let is_for = |next: &Token| next.kind == Kind::Word && text(piece, next) == "for";
                open.push((bracket, bracket == Bracket::Curly && !next.is_some_and(is_for)));
            }
            Kind::Close(_) => drop(open.pop()),
            _ => {}
        }
    }
    plain
}

fn quote(text: &str, quoted: &mut String) {
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
}
