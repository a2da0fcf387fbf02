//! Evaluates arguments. Only a few arguments are needed, and hcl-rs parses each of them separately.

use hcl::Expression;
use hcl::eval::{Context, Evaluate};
use serde_json::Value;

use super::block::Argument;
use super::body::{SourcePiece, unescape};
use super::json::Json;
use super::lexer::{Bracket, Token, TokenKind};

/// hcl-rs accepts 64 levels. They need up to 3 MiB of stack in a debug build, and the calling thread may have less.
const STACK: usize = 16 << 20;

/// Runs `read` on a thread with enough stack for the parser.
pub fn with_room<T: Send>(read: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        let thread =
            thread.map_err(|error| format!("cannot start a thread that reads the module: {error}"))?;
        thread.join().map_err(|_| "the reader of modules stopped unexpectedly".to_owned())
    })
}

/// None if the parser does not accept it. Terraform may still accept it.
pub fn expression(piece: &SourcePiece) -> Option<Expression> {
    parse(plain(piece).trim())
}

/// Parses a text from the JSON notation.
pub fn parse(text: &str) -> Option<Expression> {
    text.parse().ok()
}

/// The value of an expression without references and function calls: Terraform requires such constants in some places.
pub fn constant(expression: &Expression) -> Option<Value> {
    let value = expression.evaluate(&Context::new()).ok()?;
    serde_json::to_value(value).ok()
}

/// Reads a bool like Terraform: the text `"true"` is accepted too.
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

/// Reads a piece that consists of one word.
pub fn word(piece: &SourcePiece) -> Option<String> {
    let tokens = piece.tokens();
    let mut tokens = tokens.iter().filter(|token| token.kind != TokenKind::Newline);
    let first = tokens.next().filter(|token| token.kind == TokenKind::Word)?;
    tokens.next().is_none().then(|| text(piece, first).into_owned())
}

/// Reads a piece that consists of one quoted text without templates.
pub fn literal(piece: &SourcePiece) -> Option<String> {
    let tokens = piece.tokens();
    let kinds: Vec<_> =
        tokens.iter().map(|token| token.kind).filter(|kind| *kind != TokenKind::Newline).collect();
    match kinds.as_slice() {
        [TokenKind::Open(Bracket::Quote), middle @ .., TokenKind::Close(Bracket::Quote)]
            if middle.iter().all(|kind| *kind == TokenKind::Literal) =>
        {
            let literals = tokens.iter().filter(|token| token.kind == TokenKind::Literal);
            Some(unescape(&literals.map(|token| text(piece, token)).collect::<String>()))
        }
        _ => None,
    }
}

fn text<'a>(piece: &'a SourcePiece, token: &Token) -> std::borrow::Cow<'a, str> {
    String::from_utf8_lossy(&piece.text()[token.start..token.end])
}

/// Rewrites an expression without the parts that hcl-rs reads differently from Terraform. Heredocs become quoted texts.
/// Comments are removed, and also line breaks without a meaning.
fn plain(piece: &SourcePiece) -> String {
    let tokens = piece.tokens();
    let mut plain = String::new();
    // The open brackets, and whether a newline is a separator inside them.
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
            TokenKind::Newline if within.is_some_and(|(_, separates)| separates) => plain.push('\n'),
            TokenKind::Newline => plain.push(' '),
            TokenKind::Open(Bracket::Heredoc) | TokenKind::Close(Bracket::Heredoc) => plain.push('"'),
            TokenKind::Literal if within.is_some_and(|(bracket, _)| bracket == Bracket::Heredoc) => {
                quote(&text(piece, token), &mut plain);
            }
            _ => plain.push_str(&text(piece, token)),
        }
        match token.kind {
            TokenKind::Open(bracket) => {
                let next = tokens[place + 1..].iter().find(|next| next.kind != TokenKind::Newline);
                let is_for = |next: &Token| next.kind == TokenKind::Word && text(piece, next) == "for";
                open.push((bracket, bracket == Bracket::Curly && !next.is_some_and(is_for)));
            }
            TokenKind::Close(_) => drop(open.pop()),
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
