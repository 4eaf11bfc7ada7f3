//! Equality of values as draft-04 means it, in place: nothing is copied, and every look is counted.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use jsonschema::json::cmp::equal_numbers;
use sdmp_container::strict::{Number, Object, Value};
use serde_json::Value as Plain;

use crate::cost::Cost;
use crate::figure::{Figure, number};

/// Whether a value equals an entry of an `enum`. When the budget is used up: no.
pub(crate) fn equals_plain(cost: Option<&Cost<'_>>, value: &Value<'_>, expected: &Plain) -> bool {
    if !cost.is_none_or(Cost::step) {
        return false;
    }
    match (value, expected) {
        (Value::Null, Plain::Null) => true,
        (Value::Bool(value), Plain::Bool(expected)) => value == expected,
        (Value::Number(value), Plain::Number(expected)) => {
            cost.is_none_or(|cost| cost.number(value)) && equal_numbers(&Figure(value), expected)
        }
        (Value::String(value), Plain::String(expected)) => equal_texts(cost, value, expected),
        (Value::Array(values), Plain::Array(expected)) => {
            let mut pairs = values.iter().zip(expected);
            values.len() == expected.len()
                && pairs.all(|(value, expected)| equals_plain(cost, value, expected))
        }
        (Value::Object(object), Plain::Object(_)) => object_equals_plain(cost, object, expected),
        _ => false,
    }
}

/// The same of an object. No name stands in it twice, so each of its members must be there.
pub(crate) fn object_equals_plain(
    cost: Option<&Cost<'_>>,
    object: &Object<'_>,
    expected: &Plain,
) -> bool {
    let Plain::Object(expected) = expected else { return false };
    object.len() == expected.len()
        && object.iter().all(|(name, value)| {
            cost.is_none_or(|cost| cost.octets(name.len()))
                && expected.get(&**name).is_some_and(|entry| equals_plain(cost, value, entry))
        })
}

fn equal_texts(cost: Option<&Cost<'_>>, a: &str, b: &str) -> bool {
    // Texts of different lengths cost nothing, so the price is that of a real comparison.
    a.len() == b.len() && cost.is_none_or(|cost| cost.octets(a.len())) && a == b
}

/// Whether no two elements are equal. When the budget is used up: yes.
///
/// Elements are hashed under random keys and sorted by that, and only those with one hash are
/// compared: two that are equal end the search at once, so there are few of the others.
pub(crate) fn are_unique(cost: Option<&Cost<'_>>, elements: &[Value<'_>]) -> bool {
    if elements.len() < 2 || !cost.is_none_or(|cost| cost.sorting(elements.len())) {
        return true;
    }
    // Random keys: a document cannot be made so that its elements collide.
    let keys = RandomState::new();
    let mut hashed = Vec::with_capacity(elements.len());
    for element in elements {
        let Some(hash) = hash_of(cost, &keys, element) else { return true };
        hashed.push((hash, element));
    }
    // Only elements of equal hash are compared, so that uniqueness costs n log n and not n squared.
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    hashed.chunk_by(|(a, _), (b, _)| a == b).all(|group| {
        let mut rest = group;
        while let Some(((_, first), others)) = rest.split_first() {
            if others.iter().any(|(_, other)| equal(cost, first, other)) {
                return false;
            }
            rest = others;
        }
        true
    })
}

/// A hash that is the same for equal values; `None` when the budget is used up.
fn hash_of(cost: Option<&Cost<'_>>, keys: &RandomState, value: &Value<'_>) -> Option<u64> {
    let affordable = |octets| cost.is_none_or(|cost| cost.octets(octets)).then_some(());
    let mut hasher = keys.build_hasher();
    std::mem::discriminant(value).hash(&mut hasher);
    match value {
        Value::Null => affordable(0)?,
        Value::Bool(value) => value.hash(&mut hasher),
        Value::Number(value) => {
            cost.is_none_or(|cost| cost.number(value)).then_some(())?;
            // Numbers that are equal are so as doubles too; zero has two of them.
            let double = value.as_f64();
            (if double == 0.0 { 0 } else { double.to_bits() }).hash(&mut hasher);
        }
        Value::String(text) => {
            affordable(text.len().saturating_mul(4))?;
            text.hash(&mut hasher);
        }
        Value::Array(elements) => {
            affordable(0)?;
            for element in elements {
                hash_of(cost, keys, element)?.hash(&mut hasher);
            }
        }
        Value::Object(object) => {
            let mut sum = 0_u64;
            for (name, value) in object {
                affordable(name.len().saturating_mul(4))?;
                let mut member = keys.build_hasher();
                name.hash(&mut member);
                hash_of(cost, keys, value)?.hash(&mut member);
                // In any order of the members.
                sum = sum.wrapping_add(member.finish());
            }
            sum.hash(&mut hasher);
        }
    }
    Some(hasher.finish())
}

fn equal(cost: Option<&Cost<'_>>, a: &Value<'_>, b: &Value<'_>) -> bool {
    if !cost.is_none_or(Cost::step) {
        return false;
    }
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => equal_figures(a, b),
        (Value::String(a), Value::String(b)) => equal_texts(cost, a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(cost, a, b))
        }
        (Value::Object(a), Value::Object(b)) => equal_objects(cost, a, b),
        _ => false,
    }
}

fn equal_figures(a: &Number<'_>, b: &Number<'_>) -> bool {
    number(b).is_some_and(|b| equal_numbers(&Figure(a), &b))
}

/// Member by member in the order of the names, so that nothing is searched.
fn equal_objects(cost: Option<&Cost<'_>>, a: &Object<'_>, b: &Object<'_>) -> bool {
    if a.len() != b.len() || !cost.is_none_or(|cost| cost.sorting(a.len())) {
        return false;
    }
    let (first, second) = (by_name(a), by_name(b));
    first
        .iter()
        .zip(&second)
        .all(|((a_name, a), (b_name, b))| equal_texts(cost, a_name, b_name) && equal(cost, a, b))
}

fn by_name<'o, 'a>(object: &'o Object<'a>) -> Vec<&'o (Cow<'a, str>, Value<'a>)> {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    members
}
