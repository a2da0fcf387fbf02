//! Splits Terraform's native notation into tokens. It knows where strings, templates, heredocs, comments and brackets
//! begin and end.
//!
//! It follows the scanner of Terraform's own parser byte by byte. It accepts any bytes, and reads each of them once.

/// Everything that can be opened and closed. A string, and a template sequence in it, are treated as brackets too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    Round,
    Square,
    Curly,
    Quote,
    Heredoc,
    /// `${` or `%{`.
    Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a keyword.
    Word,
    /// A newline, or the end of a comment that ends with its line.
    Newline,
    Equals,
    Dot,
    Open(Bracket),
    Close(Bracket),
    /// A piece of a string, exactly as it is written.
    Literal,
    /// Numbers and all other operators.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
    /// The line in which the token begins, counted from the first line of the input.
    pub line: usize,
}

/// The context of the scanner. The innermost is the last.
enum LexerMode<'a> {
    /// In an expression or a body. A template sequence ends at the first `}` that does not close a brace inside it.
    Code {
        open: usize,
        in_template: bool,
    },
    Quote,
    Heredoc {
        marker: &'a [u8],
        at_line_start: bool,
    },
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    modes: Vec<LexerMode<'a>>,
    tokens: Vec<Token>,
}

/// The tokens of a file, a body or an expression.
pub fn lex(text: &[u8], line: usize) -> Vec<Token> {
    Lexer::new(text, line, LexerMode::Code { open: 0, in_template: false }).run()
}

/// The tokens of a template that is written without quotes, as in the JSON notation.
pub fn lex_template(text: &[u8], line: usize) -> Vec<Token> {
    // No line can be equal to this marker, so the heredoc never ends.
    Lexer::new(text, line, LexerMode::Heredoc { marker: b"\n", at_line_start: true }).run()
}

impl<'a> Lexer<'a> {
    fn new(text: &'a [u8], line: usize, mode: LexerMode<'a>) -> Self {
        Self { text, at: 0, line, modes: vec![mode], tokens: Vec::new() }
    }

    fn run(mut self) -> Vec<Token> {
        while let Some(&byte) = self.text.get(self.at) {
            match self.modes.last() {
                Some(LexerMode::Quote) => self.quoted(byte),
                Some(LexerMode::Heredoc { .. }) => self.heredoc(),
                Some(LexerMode::Code { .. }) | None => self.code(byte),
            }
        }
        self.tokens
    }

    fn has(&self, text: &[u8]) -> bool {
        self.text[self.at..].starts_with(text)
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let (start, end) = (self.at, self.text.len().min(self.at + length));
        self.tokens.push(Token { kind, start, end, line: self.line });
        self.skip(end - start);
    }

    fn skip(&mut self, length: usize) {
        let end = self.text.len().min(self.at + length);
        self.line += self.text[self.at..end].iter().filter(|byte| **byte == b'\n').count();
        self.at = end;
    }

    fn code(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' => self.skip(1),
            b'\n' => self.push(TokenKind::Newline, 1),
            b'\r' if self.has(b"\r\n") => self.push(TokenKind::Newline, 2),
            b'#' => self.line_comment(),
            b'/' if self.has(b"//") => self.line_comment(),
            b'/' if self.has(b"/*") => {
                self.skip(2 + find(&self.text[self.at + 2..], b"*/").saturating_add(2))
            }
            b'"' => self.open(Bracket::Quote, 1, LexerMode::Quote),
            b'<' => self.less(),
            b'(' => self.push(TokenKind::Open(Bracket::Round), 1),
            b')' => self.push(TokenKind::Close(Bracket::Round), 1),
            b'[' => self.push(TokenKind::Open(Bracket::Square), 1),
            b']' => self.push(TokenKind::Close(Bracket::Square), 1),
            b'{' => self.open_brace(),
            b'}' => self.close_brace(1),
            b'~' if self.has(b"~}") => self.close_brace(2),
            b'=' if !matches!(self.peek(1), b'=' | b'>') => self.push(TokenKind::Equals, 1),
            b'=' | b'!' | b'>' if matches!(self.peek(1), b'=' | b'>') => self.push(TokenKind::Other, 2),
            b'.' if self.has(b"...") => self.push(TokenKind::Other, 3),
            b'.' => self.push(TokenKind::Dot, 1),
            b'0'..=b'9' => self.push(TokenKind::Other, number(&self.text[self.at..])),
            byte if begins_word(byte) => self.push(TokenKind::Word, word(&self.text[self.at..])),
            _ => self.push(TokenKind::Other, 1),
        }
    }

    fn line_comment(&mut self) {
        self.skip(find(&self.text[self.at..], b"\n"));
        if self.at < self.text.len() {
            self.push(TokenKind::Newline, 1);
        }
    }

    fn open(&mut self, bracket: Bracket, length: usize, mode: LexerMode<'a>) {
        self.push(TokenKind::Open(bracket), length);
        self.modes.push(mode);
    }

    /// The token of a heredoc's start includes everything up to its newline.
    fn less(&mut self) {
        let text = self.text;
        let rest = &text[self.at..];
        let prefix = if rest.starts_with(b"<<-") { 3 } else { 2 };
        let marker = rest.get(prefix..).unwrap_or_default();
        let marker = match rest.starts_with(b"<<") && marker.first().is_some_and(|byte| begins_word(*byte)) {
            true => &marker[..word(marker)],
            false => &[],
        };
        let newline = match rest.get(prefix + marker.len()..) {
            Some([b'\n', ..]) => 1,
            Some([b'\r', b'\n', ..]) => 2,
            _ => 0,
        };
        if marker.is_empty() || newline == 0 {
            let length = if rest.starts_with(b"<=") { 2 } else { 1 };
            return self.push(TokenKind::Other, length);
        }
        let mode = LexerMode::Heredoc { marker, at_line_start: true };
        self.open(Bracket::Heredoc, prefix + marker.len() + newline, mode);
    }

    fn open_brace(&mut self) {
        if let Some(LexerMode::Code { open, .. }) = self.modes.last_mut() {
            *open += 1;
        }
        self.push(TokenKind::Open(Bracket::Curly), 1);
    }

    fn close_brace(&mut self, length: usize) {
        match self.modes.last_mut() {
            Some(LexerMode::Code { open: 0, in_template: true }) => {
                self.modes.pop();
                self.push(TokenKind::Close(Bracket::Template), length);
            }
            Some(LexerMode::Code { open, .. }) => {
                *open = open.saturating_sub(1);
                self.push(TokenKind::Close(Bracket::Curly), length);
            }
            _ => {}
        }
    }

    /// The length of `${` or `%{`, or of the escape for one of them (`$${`). 0 if none of them is at this place.
    fn template(&self) -> (usize, bool) {
        let sign = self.peek(0);
        match (sign, self.peek(1), self.peek(2)) {
            (b'$' | b'%', b'{', b'~') => (3, true),
            (b'$' | b'%', b'{', _) => (2, true),
            (b'$' | b'%', next, b'{') if next == sign => (3, false),
            _ => (0, false),
        }
    }

    /// Whether a template sequence began here, or an escape for one was consumed.
    fn passed_template(&mut self) -> bool {
        let (length, begins) = self.template();
        match (length, begins) {
            (0, _) => return false,
            (_, true) => self.open(Bracket::Template, length, LexerMode::Code { open: 0, in_template: true }),
            (_, false) => self.push(TokenKind::Literal, length),
        }
        true
    }

    fn quoted(&mut self, byte: u8) {
        if byte == b'"' {
            self.modes.pop();
            return self.push(TokenKind::Close(Bracket::Quote), 1);
        }
        if self.passed_template() {
            return;
        }
        let rest = &self.text[self.at..];
        let mut length = 0;
        while length < rest.len() {
            match rest[length] {
                b'\\' => length += 2,
                b'"' | b'$' | b'%' if length > 0 => break,
                _ => length += 1,
            }
        }
        self.push(TokenKind::Literal, length);
    }

    fn heredoc(&mut self) {
        let rest = &self.text[self.at..];
        let Some(LexerMode::Heredoc { marker, at_line_start }) = self.modes.last_mut() else { return };
        if std::mem::replace(at_line_start, false)
            && let Some(length) = closing_line(rest, marker)
        {
            self.modes.pop();
            return self.push(TokenKind::Close(Bracket::Heredoc), length);
        }
        if self.passed_template() {
            return;
        }
        let stop = rest.iter().skip(1).position(|byte| matches!(byte, b'$' | b'%' | b'\n'));
        let (length, ends_line) = match (rest[0], stop) {
            (b'\n', _) => (1, true),
            (_, Some(place)) if rest[place + 1] == b'\n' => (place + 2, true),
            (_, Some(place)) => (place + 1, false),
            (_, None) => (rest.len(), false),
        };
        if let Some(LexerMode::Heredoc { at_line_start, .. }) = self.modes.last_mut() {
            *at_line_start = ends_line;
        }
        self.push(TokenKind::Literal, length);
    }
}

/// The length of a line that contains only the marker. Its newline is not included, because it also ends the argument.
fn closing_line(text: &[u8], marker: &[u8]) -> Option<usize> {
    let line = &text[..text.iter().position(|byte| *byte == b'\n')?];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (trimmed(line) == marker).then_some(line.len())
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn word(text: &[u8]) -> usize {
    let goes_on = |byte: &u8| begins_word(*byte) || byte.is_ascii_digit() || *byte == b'-';
    text.iter().position(|byte| !goes_on(byte)).unwrap_or(text.len())
}

fn number(text: &[u8]) -> usize {
    let digit = |place: usize| text.get(place).is_some_and(u8::is_ascii_digit);
    let mut length = 1;
    loop {
        length += match text.get(length) {
            Some(b'0'..=b'9') => 1,
            Some(b'.') if digit(length + 1) => 2,
            Some(b'e' | b'E') if digit(length + 1) => 2,
            Some(b'e' | b'E') if matches!(text.get(length + 1), Some(b'+' | b'-')) && digit(length + 2) => 3,
            _ => return length,
        }
    }
}

/// The position of a text in another text, or the length of the other text if it does not occur there.
fn find(text: &[u8], wanted: &[u8]) -> usize {
    text.windows(wanted.len()).position(|piece| piece == wanted).unwrap_or(text.len())
}

/// Trims like Go, which also removes Unicode spaces.
fn trimmed(line: &[u8]) -> &[u8] {
    std::str::from_utf8(line).map_or(line, |line| line.trim().as_bytes())
}
