//! Our parsed values as the engine reads them: in place, without a copy.
//!
//! Beside the translation this does two things. It counts the engine's steps, so that a hostile
//! extension schema cannot make a container cost more than its budget allows: when the count
//! is used up every value looks empty, the engine runs out of things to look at, and its verdict is
//! discarded. And it never hands values to the engine's error texts, so no error holds peer text.

use std::borrow::Cow;

use jsonschema::{
    JsonType,
    json::{Array, Json, Node as JsonNode, NodeIdentity, Object as JsonObject},
};
use sdmp_container::strict::{self, Object, Value};
use serde_json::Value as Plain;

use crate::compare::{are_unique, equals_plain, object_equals_plain};
use crate::cost::Cost;
use crate::figure::Figure;

/// Names our representation to the engine.
#[derive(Debug)]
pub(crate) struct Instance;

impl Json for Instance {
    type Node<'a> = Node<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    const ACYCLIC: bool = true;
    /// Our objects are searched from the front, so one pass for all names is cheaper than lookups.
    const KEYS_PER_LOOKUP: usize = 16;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Node<'_>) -> T) -> T {
        f(Node { value: Kind::Name(string), cost: None })
    }
}

/// One value of a container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    value: Kind<'a>,
    cost: Option<&'a Cost<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Kind<'a> {
    Root(&'a Object<'static>),
    Value(&'a Value<'static>),
    Name(&'a str),
}

impl<'a> Node<'a> {
    /// The whole container.
    pub(crate) fn root(object: &'a Object<'static>, cost: &'a Cost<'a>) -> Self {
        Self { value: Kind::Root(object), cost: Some(cost) }
    }

    fn text(&self) -> Option<&'a str> {
        match self.value {
            Kind::Name(name) => Some(name),
            Kind::Value(Value::String(text)) => Some(text),
            Kind::Value(_) | Kind::Root(_) => None,
        }
    }

    fn step(&self) -> bool {
        self.cost.is_none_or(Cost::step)
    }
}

impl<'a> JsonNode<'a, Instance> for Node<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = Figure<'a>;

    fn as_object(&self) -> Option<Members<'a>> {
        let object = match self.value {
            Kind::Root(object) | Kind::Value(Value::Object(object)) => object,
            Kind::Value(_) | Kind::Name(_) => return None,
        };
        self.step().then_some(Members { object, cost: self.cost })
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        let Kind::Value(Value::Array(elements)) = self.value else { return None };
        self.step().then_some(Elements { elements, cost: self.cost })
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.text()?;
        let affordable = self.cost.is_none_or(|cost| cost.text(text));
        // The engine has no way to stop. An empty text ends the work quickly, and the spent budget
        // refuses the result.
        Some(Cow::Borrowed(if affordable { text } else { "" }))
    }

    fn as_number(&self) -> Option<Figure<'a>> {
        match self.value {
            Kind::Value(Value::Number(number)) => {
                self.cost.is_none_or(|cost| cost.number(number)).then_some(Figure(number))
            }
            Kind::Value(_) | Kind::Root(_) | Kind::Name(_) => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        self.step();
        match self.value {
            Kind::Value(Value::Bool(boolean)) => Some(*boolean),
            Kind::Value(_) | Kind::Root(_) | Kind::Name(_) => None,
        }
    }

    fn is_null(&self) -> bool {
        self.step();
        matches!(self.value, Kind::Value(Value::Null))
    }

    fn is_number(&self) -> bool {
        self.step();
        matches!(self.value, Kind::Value(Value::Number(_)))
    }

    fn json_type(&self) -> JsonType {
        self.step();
        match self.value {
            Kind::Root(_) | Kind::Value(Value::Object(_)) => JsonType::Object,
            Kind::Name(_) | Kind::Value(Value::String(_)) => JsonType::String,
            Kind::Value(Value::Array(_)) => JsonType::Array,
            Kind::Value(Value::Number(_)) => JsonType::Number,
            Kind::Value(Value::Bool(_)) => JsonType::Boolean,
            Kind::Value(Value::Null) => JsonType::Null,
        }
    }

    fn string_length(&self) -> Option<u64> {
        let text = self.text()?;
        let affordable = self.cost.is_none_or(|cost| cost.octets(text.len()));
        if affordable { u64::try_from(text.chars().count()).ok() } else { Some(0) }
    }

    fn string_length_within(&self, min: u64, max: u64) -> Option<bool> {
        // A character takes one to four octets, so long texts need no counting.
        self.step();
        let octets = u64::try_from(self.text()?.len()).unwrap_or(u64::MAX);
        if octets < min || octets.div_ceil(4) > max {
            return Some(false);
        }
        self.string_length().map(|length| (min..=max).contains(&length))
    }

    fn equals_value(&self, expected: &Plain) -> bool {
        match self.value {
            Kind::Value(value) => equals_plain(self.cost, value, expected),
            Kind::Root(object) => self.step() && object_equals_plain(self.cost, object, expected),
            Kind::Name(name) => self.step() && expected.as_str() == Some(name),
        }
    }

    /// Nothing: the engine asks only to write its own error texts, which we do not use.
    fn to_value(&self) -> Cow<'a, Plain> {
        Cow::Owned(Plain::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self.value {
            // Values are not moved while they are validated, so an address names one.
            Kind::Root(object) => Some(NodeIdentity::new(std::ptr::from_ref(object).addr())),
            Kind::Value(value) => Some(NodeIdentity::new(std::ptr::from_ref(value).addr())),
            Kind::Name(_) => None,
        }
    }
}

/// The members of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    object: &'a Object<'static>,
    cost: Option<&'a Cost<'a>>,
}

impl<'a> JsonObject<'a, Instance> for Members<'a> {
    type Node = Node<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.object.len()
    }

    fn get(&self, key: &String) -> Option<Node<'a>> {
        // The members are looked through one by one, and names of one length are compared.
        if !self.cost.is_none_or(|cost| cost.octets(self.object.len())) {
            return None;
        }
        let same = self.object.iter().filter(|(name, _)| name.len() == key.len());
        for (name, value) in same {
            if !self.cost.is_none_or(|cost| cost.octets(key.len())) {
                return None;
            }
            if name == key {
                return Some(Node { value: Kind::Value(value), cost: self.cost });
            }
        }
        None
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter { members: self.object.iter(), cost: self.cost }
    }
}

/// Iterates over the members of an object for as long as that is affordable.
#[derive(Debug)]
pub(crate) struct MembersIter<'a> {
    members: strict::Members<'a, 'static>,
    cost: Option<&'a Cost<'a>>,
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.members.next()?;
        let affordable = self.cost.is_none_or(|cost| cost.member(name));
        affordable.then_some((&**name, Node { value: Kind::Value(value), cost: self.cost }))
    }
}

/// The elements of an array.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements<'a> {
    elements: &'a [Value<'static>],
    cost: Option<&'a Cost<'a>>,
}

/// Iterates over the elements of an array for as long as that is affordable.
#[derive(Debug)]
pub(crate) struct ElementsIter<'a> {
    elements: std::slice::Iter<'a, Value<'static>>,
    cost: Option<&'a Cost<'a>>,
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let value = self.elements.next()?;
        let affordable = self.cost.is_none_or(Cost::visit);
        affordable.then_some(Node { value: Kind::Value(value), cost: self.cost })
    }
}

impl<'a> Array<'a, Instance> for Elements<'a> {
    type Node = Node<'a>;
    type ElementsIter = ElementsIter<'a>;

    fn len(&self) -> usize {
        self.elements.len()
    }

    fn elements(&self) -> ElementsIter<'a> {
        ElementsIter { elements: self.elements.iter(), cost: self.cost }
    }

    fn is_unique(&self) -> bool {
        are_unique(self.cost, self.elements)
    }
}
