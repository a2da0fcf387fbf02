//! The JSON notation. As in Terraform, a key may occur twice.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. Only the parts that Eos needs are kept.
#[derive(Clone, Debug)]
pub enum Json {
    Text(String),
    Flag(bool),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
    /// Null or a number.
    Other,
}

/// The names of the variables that a tfvars file sets.
pub fn names(text: &[u8]) -> Result<Vec<String>, usize> {
    match serde_json::from_slice(text).map_err(|error| error.line())? {
        Json::Map(entries) => Ok(entries.into_iter().map(|(name, _)| name).collect()),
        _ => Err(1),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(if is_number(&map) { Json::Other } else { Json::Map(map) })
    }
}

/// With serde_json's `arbitrary_precision`, a number is read as a mapping with only this key.
fn is_number(map: &[(String, Json)]) -> bool {
    matches!(map, [(key, _)] if key == "$serde_json::private::Number")
}
