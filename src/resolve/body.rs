//! Reads the blocks and arguments of a text in Terraform's native notation. It does not evaluate the arguments.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lexer::{Bracket, Token, TokenKind, lex};

/// How many levels of nested blocks are read. Eos needs nothing from deeper levels.
const DEEPEST: usize = 2;

#[derive(Debug, Default)]
pub struct Body {
    pub arguments: BTreeMap<String, SourcePiece>,
    pub blocks: Vec<NestedBlock>,
}

#[derive(Debug)]
pub struct NestedBlock {
    pub kind: String,
    pub labels: Vec<String>,
    pub body: Body,
    /// The text between the braces.
    pub piece: SourcePiece,
    /// A part of the block does not follow Terraform's syntax, so the body may be incomplete.
    pub broken: bool,
}

/// A part of a file. It consists of whole tokens, including a newline at the end.
#[derive(Clone, Debug)]
pub struct SourcePiece {
    text: Arc<[u8]>,
    start: usize,
    end: usize,
    pub line: usize,
}

impl SourcePiece {
    pub fn text(&self) -> &[u8] {
        &self.text[self.start..self.end]
    }

    pub fn tokens(&self) -> Vec<Token> {
        lex(self.text(), self.line)
    }
}

/// Reads the top level of a file. Also returns the lines at which unreadable parts begin.
pub fn read(text: &[u8]) -> (Body, Vec<usize>) {
    let text: Arc<[u8]> = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).into();
    let tokens = lex(&text, 1);
    let mut reader = BodyReader { text, tokens, at: 0, broken: false };
    let mut lines = Vec::new();
    let mut body = Body::default();
    while let Some(token) = reader.peek() {
        reader.broken = false;
        reader.item(&mut body, 0);
        if reader.broken {
            lines.push(token.line);
        }
    }
    (body, lines)
}

struct BodyReader {
    text: Arc<[u8]>,
    tokens: Vec<Token>,
    at: usize,
    broken: bool,
}

impl BodyReader {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn kind(&self) -> Option<TokenKind> {
        self.peek().map(|token| token.kind)
    }

    fn take(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == Some(kind);
        self.at += usize::from(found);
        found
    }

    fn words(&self, token: Token) -> String {
        String::from_utf8_lossy(&self.text[token.start..token.end]).into_owned()
    }

    /// The text from the token `from` up to the next unread token.
    fn piece(&self, from: usize) -> SourcePiece {
        let start = self.tokens.get(from).map_or(self.text.len(), |token| token.start);
        let end = self.tokens.get(self.at).map_or(self.text.len(), |token| token.start);
        let line = self.tokens.get(from).map_or(0, |token| token.line);
        SourcePiece { text: self.text.clone(), start, end: end.max(start), line }
    }

    /// Reads an argument, a block or an empty line. Consumes at least one token.
    fn item(&mut self, body: &mut Body, depth: usize) {
        let Some(first) = self.peek() else { return };
        self.at += 1;
        match (first.kind, self.kind()) {
            (TokenKind::Newline, _) => {}
            (TokenKind::Word, Some(TokenKind::Equals)) => {
                self.at += 1;
                let from = self.at;
                self.expression();
                if self.kind() == Some(TokenKind::Newline) {
                    self.at += 1;
                }
                body.arguments.entry(self.words(first)).or_insert_with(|| self.piece(from));
            }
            (TokenKind::Word, Some(TokenKind::Word | TokenKind::Open(Bracket::Quote | Bracket::Curly))) => {
                match self.block(first, depth) {
                    Some(block) => body.blocks.push(block),
                    None => self.skip_line(),
                }
            }
            _ => self.skip_line(),
        }
    }

    /// Skips something that is neither an argument nor a block.
    fn skip_line(&mut self) {
        self.broken = true;
        self.expression();
    }

    /// Reads up to the newline or closing brace that ends the expression.
    fn expression(&mut self) {
        let mut open = OpenBrackets::default();
        while let Some(kind) = self.kind() {
            match kind {
                TokenKind::Newline if open.is_empty() => return,
                TokenKind::Close(Bracket::Curly) if !open.has(Bracket::Curly) => {
                    self.broken |= !open.is_empty();
                    return;
                }
                TokenKind::Open(bracket) => open.push(bracket),
                TokenKind::Close(bracket) => self.broken |= !open.close(bracket),
                _ => {}
            }
            self.at += 1;
        }
        self.broken |= !open.is_empty();
    }

    /// None if no body follows the labels.
    fn block(&mut self, first: Token, depth: usize) -> Option<NestedBlock> {
        let before = std::mem::replace(&mut self.broken, false);
        let mut labels = Vec::new();
        while !self.take(TokenKind::Open(Bracket::Curly)) {
            labels.push(self.label()?);
        }
        let from = self.at;
        let mut body = Body::default();
        loop {
            match self.kind() {
                None => {
                    self.broken = true;
                    break;
                }
                Some(TokenKind::Close(Bracket::Curly)) => break,
                Some(_) if depth < DEEPEST => self.item(&mut body, depth + 1),
                Some(_) => self.contents(),
            }
        }
        let piece = self.piece(from);
        self.at += 1;
        let block = NestedBlock { kind: self.words(first), labels, body, piece, broken: self.broken };
        self.broken |= before;
        Some(block)
    }

    /// Skips up to the closing brace of this block.
    fn contents(&mut self) {
        self.expression();
        while self.take(TokenKind::Newline) {
            self.expression();
        }
    }

    fn label(&mut self) -> Option<String> {
        let token = self.peek()?;
        self.at += 1;
        match token.kind {
            TokenKind::Word => Some(self.words(token)),
            TokenKind::Open(Bracket::Quote) => {
                let from = self.at;
                while self.take(TokenKind::Literal) {}
                let label = self.piece(from);
                let closed = self.take(TokenKind::Close(Bracket::Quote));
                closed.then(|| unescape(&String::from_utf8_lossy(label.text())))
            }
            _ => {
                self.at -= 1;
                None
            }
        }
    }
}

/// The open brackets. The innermost is the last.
#[derive(Default)]
struct OpenBrackets {
    stack: Vec<Bracket>,
    /// Number of open brackets of each kind.
    counts: [usize; 6],
}

impl OpenBrackets {
    fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    fn has(&self, bracket: Bracket) -> bool {
        self.counts[bracket as usize] > 0
    }

    fn push(&mut self, bracket: Bracket) {
        self.counts[bracket as usize] += 1;
        self.stack.push(bracket);
    }

    /// Closes the bracket and everything open inside it. Returns whether it was the innermost.
    fn close(&mut self, bracket: Bracket) -> bool {
        let innermost = self.stack.last() == Some(&bracket);
        while self.has(bracket) {
            let Some(closed) = self.stack.pop() else { break };
            self.counts[closed as usize] -= 1;
            if closed == bracket {
                break;
            }
        }
        innermost
    }
}

/// Resolves the escapes of a quoted text without templates. Invalid escapes stay unchanged: Terraform refuses them.
pub fn unescape(text: &str) -> String {
    let text = text.replace("$${", "${").replace("%%{", "%{");
    let mut found = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\\') {
        found.push_str(before);
        let (length, character) = escape(after);
        found.push(character);
        rest = &after[length..];
    }
    found + rest
}

fn escape(text: &str) -> (usize, char) {
    let code = |digits: usize| {
        let code = u32::from_str_radix(text.get(1..=digits)?, 16).ok()?;
        Some((digits + 1, char::from_u32(code)?))
    };
    let escaped = match text.bytes().next() {
        Some(b'n') => Some((1, '\n')),
        Some(b'r') => Some((1, '\r')),
        Some(b't') => Some((1, '\t')),
        Some(b'"') => Some((1, '"')),
        Some(b'\\') => Some((1, '\\')),
        Some(b'u') => code(4),
        Some(b'U') => code(8),
        _ => None,
    };
    escaped.unwrap_or((0, '\\'))
}
