//! Converts a value to a type constraint, or returns the place and the reason of the mismatch.

use std::collections::BTreeMap;

use super::mismatch::{Mismatch, index, key};
use super::types::{Constraint, distinct};
use super::unify::{ConversionMode, converts, sequence_may_hold, unify};
use super::value::Typed;

type Converted<'a> = Result<Typed<'a>, Mismatch>;

pub(super) fn convert<'a>(value: Typed<'a>, to: &Constraint) -> Converted<'a> {
    match (value, to) {
        (value, Constraint::Any) => Ok(value),
        (Typed::Null(of), to) => match of == *to || converts(&of, to, ConversionMode::Unsafe) {
            true => Ok(Typed::Null(to.exact().settled(&of))),
            false => Err(Mismatch::new("has a null of another type")),
        },
        (value, Constraint::String) => text(value),
        (value, Constraint::Number) => number(value),
        (value, Constraint::Bool) => bool(value),
        (Typed::Tuple(items), Constraint::List(of)) => tuple_to_list(items, of),
        (Typed::Tuple(items), Constraint::Set(of)) => tuple_to_set(items, of),
        (Typed::List(from, items) | Typed::Set(from, items), Constraint::List(of)) => {
            recollect(&from, items, of, Typed::List)
        }
        (Typed::List(from, items) | Typed::Set(from, items), Constraint::Set(of)) => {
            recollect(&from, items, of, Typed::Set)
        }
        (Typed::Object(entries), Constraint::Map(of)) => object_to_map(entries, of),
        (Typed::Map(from, entries), Constraint::Map(of)) => map_to_map(&from, entries, of),
        (Typed::Object(entries), Constraint::Object(_)) => to_object(entries, to),
        (Typed::Map(from, entries), Constraint::Object(_)) => {
            possible(&Constraint::Map(Box::new(from)), to)?;
            to_object(entries, to)
        }
        (Typed::Tuple(items), Constraint::Tuple(of)) if items.len() == of.len() => {
            let items = items.into_iter().zip(of).enumerate();
            let items: Result<_, _> = items
                .map(|(place, (item, of))| convert(item, of).map_err(|e| e.below(index(place))))
                .collect();
            Ok(Typed::Tuple(items?))
        }
        (Typed::Tuple(items), Constraint::Tuple(of)) => Err(Mismatch::new(format!(
            "must be a list of exactly {} elements, not of {}",
            of.len(),
            items.len()
        ))),
        (value, Constraint::List(_) | Constraint::Set(_) | Constraint::Tuple(_)) => {
            Err(Mismatch::needed("a list", &value))
        }
        (value, Constraint::Map(_) | Constraint::Object(_)) => Err(Mismatch::needed("a mapping", &value)),
    }
}

fn text(value: Typed) -> Converted {
    match value {
        Typed::Number(number) => Ok(Typed::Text(number)),
        Typed::Bool(flag) => Ok(Typed::Text(if flag { "true" } else { "false" }.into())),
        Typed::Text(_) => Ok(value),
        other => Err(Mismatch::needed("a text", &other)),
    }
}

fn number(value: Typed) -> Converted {
    match value {
        Typed::Number(text) | Typed::Text(text) if reads_as_number(&text) => Ok(Typed::Number(text)),
        Typed::Number(_) => Err(Mismatch::new("the number's exponent is too large")),
        other => Err(Mismatch::needed("a number", &other)),
    }
}

fn bool(value: Typed) -> Converted {
    match &value {
        Typed::Bool(_) => Ok(value),
        Typed::Text(text) => match &**text {
            "true" | "1" => Ok(Typed::Bool(true)),
            "false" | "0" => Ok(Typed::Bool(false)),
            _ => Err(Mismatch::new(
                "must be a bool; a text counts as a bool only if it is true, false, 1 or 0",
            )),
        },
        other => Err(Mismatch::needed("a bool", other)),
    }
}

/// Whether Go's `big.ParseFloat` in base 10 reads this text: a sign, digits with at most one point, and an exponent of
/// ten (`e`) or of two (`p`) within 32 bits. An infinity is also accepted.
fn reads_as_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = |text: &'_ str| -> usize { usize::from(text.starts_with(['+', '-'])) };
    let text = &text[unsigned(text)..];
    if matches!(text, "inf" | "Inf") {
        return true;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E', 'p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, Some(&exponent[unsigned(exponent)..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| digits(exponent) && exponent.parse::<i32>().is_ok())
}

fn tuple_to_list<'a>(items: Vec<Typed<'a>>, of: &Constraint) -> Converted<'a> {
    if items.is_empty() {
        return Ok(Typed::List(of.exact(), items));
    }
    let of = element(&items, of)?;
    let items = convert_items(items, &of)?;
    let kinds = items_kinds(&items);
    let Some(one) = unify(kinds.iter().cloned(), ConversionMode::Unsafe) else {
        return Err(disagree());
    };
    let items = match kinds.len() {
        1 => items,
        _ => convert_items(items, &one)?,
    };
    Ok(Typed::List(same_kind(items.iter())?, items))
}

fn tuple_to_set<'a>(items: Vec<Typed<'a>>, of: &Constraint) -> Converted<'a> {
    if items.is_empty() {
        return Ok(Typed::Set(of.exact(), items));
    }
    let of = element(&items, of)?;
    let items = convert_items(items, &of)?;
    Ok(Typed::Set(same_kind(items.iter())?, items))
}

/// The type of a sequence's elements.
fn element(items: &[Typed], of: &Constraint) -> Result<Constraint, Mismatch> {
    if *of != Constraint::Any {
        return Ok(of.clone());
    }
    let kinds = items_kinds(items);
    unify(kinds.iter().cloned(), ConversionMode::Unsafe)
        .filter(|common| sequence_may_hold(common, &kinds))
        .ok_or_else(disagree)
}

fn recollect<'a>(
    from: &Constraint,
    items: Vec<Typed<'a>>,
    of: &Constraint,
    collection: fn(Constraint, Vec<Typed<'a>>) -> Typed<'a>,
) -> Converted<'a> {
    possible(from, of)?;
    if items.is_empty() {
        let of = if *of == Constraint::Any { from } else { of };
        return Ok(collection(of.exact(), items));
    }
    let items = convert_items(items, of)?;
    Ok(collection(same_kind(items.iter())?, items))
}

fn object_to_map<'a>(entries: BTreeMap<String, Typed<'a>>, of: &Constraint) -> Converted<'a> {
    if entries.is_empty() {
        return Ok(Typed::Map(of.exact(), entries));
    }
    let of = match of {
        Constraint::Any => unify(entries.values().map(Typed::kind), ConversionMode::Unsafe),
        known => Some(known.clone()),
    }
    .ok_or_else(disagree)?;
    map_of(convert_entries(entries, &of)?, &of, ConversionMode::Unsafe)
}

fn map_to_map<'a>(from: &Constraint, entries: BTreeMap<String, Typed<'a>>, of: &Constraint) -> Converted<'a> {
    possible(from, of)?;
    if entries.is_empty() {
        let of = if *of == Constraint::Any { from } else { of };
        return Ok(Typed::Map(of.exact(), entries));
    }
    map_of(convert_entries(entries, of)?, of, ConversionMode::Safe)
}

/// The entries may still differ in type if the constraint contains `any`.
fn map_of<'a>(entries: BTreeMap<String, Typed<'a>>, of: &Constraint, mode: ConversionMode) -> Converted<'a> {
    use Constraint::{List, Map, Object, Set};
    let kinds = distinct(entries.values().map(Typed::kind));
    let entries = if matches!(of, List(_) | Set(_) | Map(_) | Object(_)) && kinds.len() > 1 {
        let one = unify(kinds, mode).ok_or_else(disagree)?;
        convert_entries(entries, &one)?
    } else {
        entries
    };
    Ok(Typed::Map(same_kind(entries.values())?, entries))
}

fn to_object<'a>(mut entries: BTreeMap<String, Typed<'a>>, to: &Constraint) -> Converted<'a> {
    let Constraint::Object(attributes) = to else {
        return Ok(Typed::Object(entries));
    };
    let mut converted = BTreeMap::new();
    for (name, wanted) in attributes {
        let value = match entries.remove(name) {
            Some(value) => convert(value, &wanted.constraint).map_err(|error| error.below(key(name)))?,
            None if wanted.optional => Typed::Null(wanted.constraint.exact()),
            None => return Err(Mismatch::new(format!("the attribute '{name}' is missing"))),
        };
        converted.insert(name.clone(), value);
    }
    Ok(Typed::Object(converted))
}

fn convert_items<'a>(items: Vec<Typed<'a>>, to: &Constraint) -> Result<Vec<Typed<'a>>, Mismatch> {
    let items = items.into_iter().enumerate();
    items.map(|(place, item)| convert(item, to).map_err(|error| error.below(index(place)))).collect()
}

fn convert_entries<'a>(
    entries: BTreeMap<String, Typed<'a>>,
    to: &Constraint,
) -> Result<BTreeMap<String, Typed<'a>>, Mismatch> {
    let entries = entries.into_iter();
    entries
        .map(|(name, value)| match convert(value, to) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(error.below(key(&name))),
        })
        .collect()
}

fn items_kinds(items: &[Typed]) -> Vec<Constraint> {
    distinct(items.iter().map(Typed::kind))
}

/// Returns the element type of a collection. Untyped nulls fit every other type.
fn same_kind<'a, 'b>(values: impl Iterator<Item = &'b Typed<'a>>) -> Result<Constraint, Mismatch>
where
    'a: 'b,
{
    let mut kinds = distinct(values.map(Typed::kind));
    kinds.retain(|kind| *kind != Constraint::Any);
    match kinds.len() {
        0 => Ok(Constraint::Any),
        1 => Ok(kinds.remove(0)),
        _ => Err(disagree()),
    }
}

fn possible(from: &Constraint, to: &Constraint) -> Result<(), Mismatch> {
    match from == to || converts(from, to, ConversionMode::Unsafe) {
        true => Ok(()),
        false => Err(disagree()),
    }
}

fn disagree() -> Mismatch {
    Mismatch::new("the elements have no common type; all must have the same type")
}
