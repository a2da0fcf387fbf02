//! Writes a job in the JSON syntax of Nomad's language. Each key begins a line, so that a line that Nomad names leads to
//! its place in the pillar.

use serde_json::Value;

use super::body::{Block, Body, Item, SLOT, Term};
use super::text::{Syntax, encoded};
use crate::model::PillarPath;
use crate::model::service::{JobPart, Opaque, PartKind, plain};

/// The text, and for each of its lines the place in the pillar from which it comes.
pub struct Json {
    pub text: String,
    pub places: Vec<Option<PillarPath>>,
}

/// `head` is a comment.
pub fn json(head: &str, body: &Body) -> Json {
    let comment = Entry { key: "//".to_owned(), place: None, node: Node::Text(string(head)) };
    let Node::Map(mut entries) = of_body(body) else { unreachable!("a body is a mapping") };
    entries.insert(0, comment);
    let mut json = Json { text: String::new(), places: Vec::new() };
    json.write(&Node::Map(entries), 0, None);
    json.break_line(None);
    json
}

enum Node {
    /// JSON that is already text.
    Text(String),
    List(Vec<(Option<PillarPath>, Node)>),
    Map(Vec<Entry>),
}

struct Entry {
    key: String,
    place: Option<PillarPath>,
    node: Node,
}

/// Blocks of one name become one key.
fn of_body(body: &Body) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    for item in &body.items {
        let key = item.name().to_owned();
        let (place, node) = match item {
            Item::Attribute(_, Term::Part(part)) => (Some(part.path.clone()), of_part(part)),
            Item::Attribute(_, term) => (None, Node::Text(expression(term))),
            Item::Block(Block { label, body, place, .. }) => match label {
                Some(label) => {
                    let entry = Entry { key: label.clone(), place: place.clone(), node: of_body(body) };
                    (None, Node::Map(vec![entry]))
                }
                None => (place.clone(), of_body(body)),
            },
        };
        let is_labelled = matches!(item, Item::Block(block) if block.label.is_some());
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(Entry { node: Node::Map(all), .. }) if is_labelled => {
                let Node::Map(one) = node else { continue };
                all.extend(one);
            }
            Some(Entry { node: Node::List(all), .. }) => all.push((place, node)),
            Some(entry) => {
                let first = std::mem::replace(&mut entry.node, Node::List(Vec::new()));
                entry.node = Node::List(vec![(entry.place.take(), first), (place, node)]);
            }
            None => entries.push(Entry { key, place, node }),
        }
    }
    Node::Map(entries)
}

fn of_part(part: &JobPart) -> Node {
    match &part.kind {
        PartKind::Leaf(Opaque(value)) => Node::Text(encoded(value, Syntax::Json)),
        PartKind::List(items) => {
            Node::List(items.iter().map(|item| (Some(item.path.clone()), of_part(item))).collect())
        }
        PartKind::Map(map) => {
            let kept = map.iter().filter(|(_, part)| !part.is_null());
            let entry = |(key, part): (&String, &JobPart)| Entry {
                key: plain(key).0.to_owned(),
                place: Some(part.path.clone()),
                node: of_part(part),
            };
            Node::Map(kept.map(entry).collect())
        }
    }
}

fn expression(term: &Term) -> String {
    match term {
        Term::Value(value) => encoded(value, Syntax::Json),
        Term::Slot(name) | Term::Over(name, _) => format!("${{{name}}}"),
        Term::File(name) => format!("${{{name}}}"),
        Term::ListOf(name) => format!("[${{{name}}}]"),
        Term::Text(text, name) => {
            encoded(&text.as_str().into(), Syntax::Json).replace(SLOT, &format!("${{{name}}}"))
        }
        Term::Part(part) => encoded(&super::merge::value(part), Syntax::Json),
    }
}

/// A text outside an expression, where nothing begins a template. Only Terraform must not see the start of one.
fn string(text: &str) -> String {
    Value::from(text).to_string().replace('$', "\\u0024").replace('%', "\\u0025")
}

impl Json {
    fn break_line(&mut self, place: Option<&PillarPath>) {
        self.text.push('\n');
        self.places.push(place.cloned());
    }

    fn write(&mut self, node: &Node, depth: usize, place: Option<&PillarPath>) {
        match node {
            Node::Text(text) => self.text.push_str(text),
            Node::List(items) if items.is_empty() => self.text.push_str("[]"),
            Node::Map(entries) if entries.is_empty() => self.text.push_str("{}"),
            Node::List(items) => {
                self.text.push('[');
                for (index, (own, item)) in items.iter().enumerate() {
                    // The line that ends here belongs to what stands before it.
                    let before = match index {
                        0 => place,
                        _ => items[index - 1].0.as_ref().or(place),
                    };
                    self.text.push_str(if index == 0 { "" } else { "," });
                    self.break_line(before);
                    self.indent(depth + 1);
                    self.write(item, depth + 1, own.as_ref().or(place));
                }
                self.break_line(items.last().and_then(|(own, _)| own.as_ref()).or(place));
                self.indent(depth);
                self.text.push(']');
            }
            Node::Map(entries) => {
                self.text.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    let before = match index {
                        0 => place,
                        _ => entries[index - 1].place.as_ref().or(place),
                    };
                    self.text.push_str(if index == 0 { "" } else { "," });
                    self.break_line(before);
                    self.indent(depth + 1);
                    self.text.push_str(&format!("{}: ", string(&entry.key)));
                    self.write(&entry.node, depth + 1, entry.place.as_ref().or(place));
                }
                self.break_line(entries.last().and_then(|entry| entry.place.as_ref()).or(place));
                self.indent(depth);
                self.text.push('}');
            }
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text.push_str(&"  ".repeat(depth));
    }
}
