//! Writes a job in the native syntax of Nomad's language.

use super::body::{Body, Item, SLOT, Term};
use super::text::{TextWriter, literal};

pub fn native(text: &mut TextWriter, body: &Body) {
    for item in &body.items {
        match item {
            Item::Attribute(name, term) => text.set(name, expression(term)),
            Item::Block(block) => {
                let label = block.label.as_ref().map(|label| format!(" {}", literal(&label.as_str().into())));
                let header = format!("{}{}", block.kind, label.unwrap_or_default());
                text.block(&header, |text| native(text, &block.body));
            }
        }
    }
}

fn expression(term: &Term) -> String {
    match term {
        Term::Value(value) => literal(value),
        Term::Slot(name) | Term::Over(name, _) => format!("${{{name}}}"),
        Term::File(name) => format!("${{{name}}}"),
        Term::ListOf(name) => format!("[${{{name}}}]"),
        Term::Text(text, name) => literal(&text.as_str().into()).replace(SLOT, &format!("${{{name}}}")),
        // A job with such a part is written as JSON.
        Term::Part(part) => literal(&super::merge::value(part)),
    }
}
