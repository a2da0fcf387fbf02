//! Reads from the sources which file imports an item that another file defines.
//!
//! A name that a module only re-exports (`pub use`) counts for the file that defines it. The module itself gets no
//! import from it. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// `crate::model::Name` is `["model", "Name"]`.
type Segments = Vec<String>;

/// The top level of one source file.
#[derive(Default)]
struct Source {
    module: Segments,
    /// Items that this file defines itself.
    defined: BTreeSet<String>,
    /// Child modules that are in their own files.
    children: BTreeSet<String>,
    /// From an imported name to its path.
    imported: BTreeMap<String, Segments>,
    /// The imported names that this file re-exports.
    passed_on: BTreeSet<String>,
    /// Every word of the code outside imports.
    words: BTreeSet<String>,
    /// Modules whose names are all imported.
    globs: Vec<Segments>,
    /// Every path that the code names, from the root.
    named: Vec<Segments>,
    /// Types to which this file adds methods of their own, not of a trait.
    extended: Vec<Segments>,
}

/// The files of `src`, and the imports between them.
pub struct Imports {
    arrows: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    extended: Vec<(String, String, String)>,
}

impl Imports {
    /// All files of `src`. They are read once for all tests.
    pub fn read() -> &'static Self {
        static READ: LazyLock<Imports> = LazyLock::new(Imports::read_sources);
        &READ
    }

    fn read_sources() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = BTreeMap::new();
        for path in below(&root.join("src")) {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if !name.ends_with("/tests.rs") && !name.contains("/tests/") {
                files.insert(name.clone(), Source::read(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
        Self::of(&files)
    }

    fn of(files: &BTreeMap<String, Source>) -> Self {
        let modules: BTreeMap<_, _> = files.iter().map(|(name, one)| (one.module.clone(), name)).collect();
        let resolver = Resolver { files, modules };
        let mut arrows = BTreeMap::new();
        let mut extended = Vec::new();
        for (name, source) in files {
            let to: &mut BTreeMap<String, BTreeSet<String>> = arrows.entry(name.clone()).or_default();
            let imported = source.imported.iter().filter(|(name, _)| source.uses(name)).map(|(_, path)| path);
            for path in source.named.iter().chain(imported) {
                if let Some((file, what)) = resolver.file(path).filter(|(file, _)| file != name) {
                    to.entry(file).or_default().insert(what);
                }
            }
            extended.extend(source.extended.iter().filter_map(|path| {
                let (file, what) = resolver.file(path)?;
                Some((name.clone(), file, what))
            }));
        }
        Self { arrows, extended }
    }

    /// Each circle of files below the folder, with its imports. Empty if the imports have no circle.
    pub fn circles(&self, folder: &str) -> Vec<String> {
        let inside: Vec<&String> = self.arrows.keys().filter(|file| is_below(file, folder)).collect();
        assert!(!inside.is_empty(), "{folder} has no sources");
        let reached: BTreeMap<&String, BTreeSet<&String>> =
            inside.iter().map(|file| (*file, self.reached(file, folder))).collect();
        let mut told: BTreeSet<&String> = BTreeSet::new();
        let mut found = Vec::new();
        for file in inside {
            let circle: BTreeSet<&String> =
                reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect();
            if circle.is_empty() || !told.insert(file) {
                continue;
            }
            told.extend(circle.iter().copied());
            let ties: Vec<String> = circle.iter().flat_map(|from| self.ties(from, &circle)).collect();
            found.push(format!("{} files:\n  {}", circle.len(), ties.join("\n  ")));
        }
        found
    }

    /// Files below the folder that this file imports, directly or through others.
    fn reached(&self, file: &str, folder: &str) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![file];
        while let Some(next) = open.pop() {
            for to in self.arrows[next].keys().filter(|to| is_below(to, folder)) {
                if reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    }

    fn ties(&self, from: &str, circle: &BTreeSet<&String>) -> Vec<String> {
        let ties = self.arrows[from].iter().filter(|(to, _)| circle.contains(to));
        ties.map(|(to, names)| said(from, to, names)).collect()
    }

    /// Every import by a file of `from` from a file of `to`. Both are lists of folders or files.
    pub fn between(&self, from: &[&str], to: &[&str]) -> Vec<String> {
        let of = |file: &str, places: &[&str]| places.iter().any(|place| is_below(file, place));
        assert!(self.arrows.keys().any(|file| of(file, from)), "{from:?} has no sources");
        assert!(self.arrows.keys().any(|file| of(file, to)), "{to:?} has no sources");
        let arrows = self.arrows.iter().filter(|(file, _)| of(file, from));
        arrows
            .flat_map(|(file, arrows)| arrows.iter().map(move |(other, names)| (file, other, names)))
            .filter(|(_, other, _)| of(other, to))
            .map(|(file, other, names)| said(file, other, names))
            .collect()
    }

    /// Files that import what `file` defines.
    pub fn importers(&self, file: &str) -> Vec<&str> {
        assert!(self.arrows.contains_key(file), "there is no {file}");
        let arrows = self.arrows.iter().filter(|(_, arrows)| arrows.contains_key(file));
        arrows.map(|(importer, _)| importer.as_str()).collect()
    }

    /// Methods of a type that are in another folder than the type.
    pub fn methods_away_from_their_type(&self, folder: &str) -> Vec<String> {
        let away = self.extended.iter().filter(|(file, home, _)| {
            (is_below(file, folder) || is_below(home, folder)) && parent(file) != parent(home)
        });
        away.map(|(file, home, name)| format!("{file} adds methods to {name} of {home}")).collect()
    }
}

fn said(from: &str, to: &str, names: &BTreeSet<String>) -> String {
    format!("{from} -> {to}: {}", names.iter().cloned().collect::<Vec<_>>().join(", "))
}

/// A place is a file or a folder, with or without a slash at its end.
fn is_below(file: &str, place: &str) -> bool {
    file == place || file.strip_prefix(place.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

fn parent(file: &str) -> &str {
    file.rsplit_once('/').unwrap().0
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => found.extend(below(&entry)),
            false if entry.extension().is_some_and(|one| one == "rs") => found.push(entry),
            false => {}
        }
    }
    found
}

struct Resolver<'a> {
    files: &'a BTreeMap<String, Source>,
    modules: BTreeMap<Segments, &'a String>,
}

impl Resolver<'_> {
    /// The file that defines the item of a path, and the item's name.
    fn file(&self, path: &[String]) -> Option<(String, String)> {
        self.follow(path, 0)
    }

    fn follow(&self, path: &[String], depth: usize) -> Option<(String, String)> {
        // Two modules re-export each other's names.
        if depth > 20 {
            return None;
        }
        let length = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]))?;
        let file = self.modules[&path[..length]];
        let source = &self.files[file];
        let Some(name) = path.get(length) else {
            return Some((file.clone(), path.last()?.clone()));
        };
        if let Some(target) = source.imported.get(name).filter(|target| target.as_slice() != path) {
            let whole: Segments = target.iter().chain(&path[length + 1..]).cloned().collect();
            return self.follow(&whole, depth + 1);
        }
        if !source.defined.contains(name) {
            let passed_on = source.globs.iter().find_map(|module| {
                let whole: Segments = module.iter().chain(&path[length..]).cloned().collect();
                self.follow(&whole, depth + 1).filter(|(found, _)| self.files[found].defined.contains(name))
            });
            if passed_on.is_some() {
                return passed_on;
            }
        }
        Some((file.clone(), name.clone()))
    }
}

impl Source {
    fn read(name: &str, text: &str) -> Self {
        let mut module: Segments =
            name.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut source = Self { module: module.clone(), ..Self::default() };
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        source.declarations(&tokens);
        source.code(&tokens, &module, true);
        source
    }

    fn declarations(&mut self, tokens: &[TokenTree]) {
        for pair in tokens.windows(2) {
            if let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = pair {
                match keyword.to_string().as_str() {
                    "mod" => drop(self.children.insert(name.to_string())),
                    "fn" | "struct" | "enum" | "const" | "static" | "trait" | "type" | "union" => {
                        self.defined.insert(name.to_string());
                    }
                    _ => {}
                }
            }
        }
    }

    fn uses(&self, imported: &str) -> bool {
        !self.passed_on.contains(imported) || self.words.contains(imported)
    }

    /// `module` is the module that `self` means in these tokens.
    fn code(&mut self, tokens: &[TokenTree], module: &[String], is_top: bool) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(tokens.get(at + 1)) => {
                    at = item_end(tokens, at + 2);
                }
                TokenTree::Ident(word) if word == "pub" && is_parenthesis(tokens.get(at + 1)) => at += 1,
                TokenTree::Ident(word) if word == "use" => {
                    let end =
                        tokens[at..].iter().position(|one| is(one, ';')).map_or(tokens.len(), |n| at + n);
                    let known: BTreeSet<String> = self.imported.keys().cloned().collect();
                    self.tree(&tokens[at + 1..end], Vec::new(), module, is_top);
                    if is_top && is_public(&tokens[..at]) {
                        self.passed_on
                            .extend(self.imported.keys().filter(|name| !known.contains(*name)).cloned());
                    }
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..] {
                        let inner: Segments = module.iter().cloned().chain([name.to_string()]).collect();
                        self.code(&body.stream().into_iter().collect::<Vec<_>>(), &inner, false);
                        at += 1;
                    }
                    at += 1;
                }
                TokenTree::Ident(word) if word == "impl" && is_top => {
                    self.extension(&tokens[at + 1..], module)
                }
                TokenTree::Ident(word) => {
                    self.words.insert(word.to_string());
                    if at >= 2 && is_path_mark(tokens, at - 2) {
                        at += 1;
                        continue;
                    }
                    let path = path(&tokens[at..]);
                    if path.len() > 1 {
                        self.named.extend(self.absolute(&path, module));
                    }
                }
                TokenTree::Group(group) => {
                    self.code(&group.stream().into_iter().collect::<Vec<_>>(), module, false);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// One tree of a `use`: `a::b::{c, d as e, *}`.
    fn tree(&mut self, tokens: &[TokenTree], before: Segments, module: &[String], is_top: bool) {
        for branch in tokens.split(|token| is(token, ',')).filter(|branch| !branch.is_empty()) {
            let mut path = before.clone();
            let mut name = None;
            for (index, token) in branch.iter().enumerate() {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        name = branch.get(index + 1).map(ToString::to_string);
                        break;
                    }
                    TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                        let inner: Vec<_> = group.stream().into_iter().collect();
                        self.tree(&inner, std::mem::take(&mut path), module, is_top);
                    }
                    TokenTree::Punct(mark) if mark.as_char() == '*' => {
                        let found = self.absolute(&path, module);
                        self.globs.extend(found.filter(|_| is_top));
                        path.clear();
                    }
                    _ => {}
                }
            }
            if let (Some(whole), Some(last)) = (self.absolute(&path, module), path.last()) {
                if is_top {
                    self.imported.insert(name.unwrap_or_else(|| last.clone()), whole);
                } else {
                    self.named.push(whole);
                }
            }
        }
    }

    /// Reads `impl Type {`. Methods of a trait do not count.
    fn extension(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut head = &tokens[..item_end(tokens, 0)];
        if head.first().is_some_and(|one| is(one, '<')) {
            let mut depth = 0;
            let end = (0..head.len()).find(|at| {
                let is_arrow = *at > 0 && is(&head[at - 1], '-');
                depth += i32::from(is(&head[*at], '<')) - i32::from(is(&head[*at], '>') && !is_arrow);
                depth == 0
            });
            head = &head[end.unwrap() + 1..];
        }
        if !head.iter().any(|one| matches!(one, TokenTree::Ident(word) if word == "for")) {
            let path = path(head);
            let local = path.first().and_then(|first| self.imported.get(first));
            let whole = local.map(|found| found.iter().chain(&path[1..]).cloned().collect());
            self.extended.extend(whole.or_else(|| self.absolute(&path, module)));
        }
    }

    /// The path from the root. None for an item of another crate, and for a name of this file.
    fn absolute(&self, path: &[String], module: &[String]) -> Option<Segments> {
        let mut from = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (from, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    from.pop();
                    rest = &rest[1..];
                }
            }
            child if self.children.contains(child) => {}
            _ => return None,
        }
        from.extend(rest.iter().cloned());
        Some(from)
    }
}

/// Whether the token is the parenthesis of a `pub(in path)`. The path in it is not an import.
fn is_parenthesis(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

/// Whether `pub` or `pub(...)` precedes.
fn is_public(before: &[TokenTree]) -> bool {
    let word = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., last] if word(last) => true,
        [.., one, TokenTree::Group(group)] => group.delimiter() == Delimiter::Parenthesis && word(one),
        _ => false,
    }
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(one) if one.as_char() == mark)
}

/// Whether `::` begins here.
fn is_path_mark(tokens: &[TokenTree], at: usize) -> bool {
    matches!(&tokens.get(at..at + 2), Some([one, two]) if is(one, ':') && is(two, ':'))
}

/// The words between double colons, starting here.
fn path(tokens: &[TokenTree]) -> Segments {
    let mut path = Vec::new();
    let mut at = 0;
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        path.push(word.to_string());
        if !is_path_mark(tokens, at + 1) {
            break;
        }
        at += 3;
    }
    path
}

/// Whether the attribute is `[cfg(test)]`.
fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    attribute.is_some_and(|one| one.to_string().replace(' ', "").starts_with("[cfg(test)"))
}

/// The index of the semicolon or body that ends an item.
fn item_end(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |one: &TokenTree| match one {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is(other, ';'),
    };
    tokens[from..].iter().position(ends).map_or(tokens.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Imports {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), Source::read(name, text))).collect();
        Imports::of(&files)
    }

    #[test]
    fn a_circle_is_found_through_re_exports_and_through_paths_in_the_code() {
        let found = imports(&[
            ("src/room/mod.rs", "mod a; mod b; pub use {a::A,};"),
            ("src/room/a.rs", "pub struct A; fn f() { print!(\"{}\", super::b::g()) }"),
            ("src/room/b.rs", "use super::{A as Other}; pub fn g() -> Other { Other }"),
        ]);
        assert_eq!(
            found.circles("src/room"),
            ["2 files:\n  src/room/a.rs -> src/room/b.rs: g\n  src/room/b.rs -> src/room/a.rs: A"]
        );
    }

    #[test]
    fn a_child_that_imports_a_definition_of_a_parent_that_uses_the_child_is_a_circle() {
        let child = "use super::Shared; pub fn f(_: Shared) {}";
        let own = [
            ("src/room/mod.rs", "mod a; pub struct Shared; fn g() { a::f(Shared) }"),
            ("src/room/a.rs", child),
        ];
        assert_eq!(imports(&own).circles("src").len(), 1);
        let handed_on = [
            ("src/room/mod.rs", "mod a; mod b; pub use b::*; fn g() { a::f(Shared) }"),
            ("src/room/a.rs", child),
            ("src/room/b.rs", "pub struct Shared;"),
        ];
        assert_eq!(imports(&handed_on).circles("src"), Vec::<String>::new());
    }

    #[test]
    fn a_re_export_is_not_an_import_but_its_use_is() {
        let child = ("src/room/a.rs", "use super::Shared; pub struct A(Shared);");
        let with = |parent: &'static str| imports(&[("src/room/mod.rs", parent), child]).circles("src").len();
        assert_eq!(with("mod a; pub use a::{self, A}; pub struct Shared;"), 0);
        assert_eq!(with("mod a; pub(crate) use a::A; pub struct Shared; fn f() -> A { todo!() }"), 1);
        assert_eq!(with("mod a; use a::A; pub struct Shared;"), 1);
    }

    #[test]
    fn a_name_with_restricted_visibility_imports_nothing_of_its_room() {
        let found = imports(&[
            ("src/room/mod.rs", "mod a; fn f() { a::g() }"),
            ("src/room/a.rs", "pub(in crate::room) fn g() {} pub(super) struct S(pub(in crate::room) u8);"),
        ]);
        assert_eq!(found.circles("src/room"), Vec::<String>::new());
    }

    #[test]
    fn imports_of_tests_do_not_count() {
        let found = imports(&[
            (
                "src/a.rs",
                "#[cfg(test)] use crate::b::B; #[cfg(test)] mod tests { use crate::b::B; } pub struct A;",
            ),
            ("src/b.rs", "use crate::a::A; pub struct B;"),
        ]);
        assert_eq!(found.circles("src"), Vec::<String>::new());
        assert_eq!(found.between(&["src/b.rs"], &["src/a.rs"]), ["src/b.rs -> src/a.rs: A"]);
    }

    #[test]
    fn methods_in_another_folder_than_their_type_are_found() {
        let found = imports(&[
            ("src/a/mod.rs", "pub struct A<T>(T); pub trait Say {}"),
            ("src/a/more.rs", "use super::A; impl<T: Fn() -> u8> A<T> {}"),
            ("src/b/mod.rs", "use crate::a::{A, Say}; impl<T> Say for A<T> {} impl<T> A<T> {}"),
        ]);
        assert_eq!(
            found.methods_away_from_their_type("src/a"),
            ["src/b/mod.rs adds methods to A of src/a/mod.rs"]
        );
    }
}
