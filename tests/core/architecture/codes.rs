//! Some file uses each code of `src/error/code.rs`. So reasons.md explains only what can happen.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::sources;

const CODES: &str = "src/error/code.rs";

fn tokens(text: &str) -> Vec<TokenTree> {
    text.parse::<TokenStream>().unwrap().into_iter().collect()
}

/// Calls `found` with each four tokens in a row, at any depth.
fn walk(tokens: &[TokenTree], found: &mut impl FnMut(&[TokenTree])) {
    tokens.windows(4).for_each(&mut *found);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            walk(&group.stream().into_iter().collect::<Vec<_>>(), found);
        }
    }
}

#[test]
fn every_code_is_used_in_the_sources() {
    let (mut codes, mut made) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in sources("src") {
        let tokens = tokens(text.split("#[cfg(test)]").next().unwrap_or_default());
        if path.ends_with(CODES) {
            walk(&tokens, &mut |four| {
                if let [TokenTree::Ident(code), TokenTree::Punct(is), TokenTree::Literal(_), _] = four
                    && is.as_char() == '='
                {
                    codes.insert(code.to_string());
                }
            });
        } else if !path.ends_with("tests.rs") {
            walk(&tokens, &mut |four| {
                if let [
                    TokenTree::Ident(kind),
                    TokenTree::Punct(_),
                    TokenTree::Punct(_),
                    TokenTree::Ident(code),
                ] = four
                    && kind == "Code"
                {
                    made.insert(code.to_string());
                }
            });
        }
    }
    assert!(codes.len() > 100, "the codes are not read as this test thinks: {codes:?}");
    let unused: Vec<_> = codes.difference(&made).collect();
    assert!(unused.is_empty(), "no code of src makes {unused:?}");
}
