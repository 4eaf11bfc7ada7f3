//! The draft-04 engine: the `jsonschema` crate, run on our own parsed values.

use jsonschema::{
    Draft, JsonType, PatternOptions, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use sdmp_container::Container;
use serde_json::Value;

use crate::{
    Error, Schema, Violation,
    cost::{Budget, Cost, Prices},
    document::Bundle,
    error::{DocumentFault, static_keyword},
    instance::{Instance, Node},
};

/// Largest compiled form of one regular expression of an extension schema, in octets.
const PATTERN_SIZE: usize = 32 * 1024;
/// Most memory for the states that one regular expression remembers.
const PATTERN_MEMORY: usize = 128 * 1024;

/// A compiled schema.
pub(crate) struct Compiled {
    engine: jsonschema::Validator<Instance>,
    prices: Prices,
}

impl Compiled {
    /// Compiles one of our own schemas.
    pub(crate) fn built_in(schema: &Value) -> Result<Self, DocumentFault> {
        let engine = engine(schema, PatternOptions::regex())?;
        Ok(Self { engine, prices: Prices::default() })
    }

    /// Compiles an extension schema, which is a closed draft-04 document.
    pub(crate) fn extension(bundle: &Bundle) -> Result<Self, DocumentFault> {
        let patterns =
            PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_MEMORY);
        let engine = engine(&bundle.schema, patterns)?;
        Ok(Self { engine, prices: Prices::of(bundle) })
    }

    /// Checks a whole container.
    pub(crate) fn check(
        &self,
        schema: &Schema,
        container: &Container,
        budget: &Budget,
    ) -> Result<(), Error> {
        // Deciding is several times as fast as explaining, and most containers are valid.
        let cost = Cost::new(budget, self.prices);
        let valid = self.engine.is_valid(Node::root(container.root(), &cost));
        affordable(schema, budget)?;
        if valid {
            return Ok(());
        }
        // A fresh budget: explaining repeats the work of deciding.
        let budget = Budget::of(schema);
        let cost = Cost::new(&budget, self.prices);
        let violation = match self.engine.validate(Node::root(container.root(), &cost)) {
            Err(error) => violation(schema, &error),
            // Both ways of asking must agree; where they do not, the container is not accepted.
            Ok(()) => Violation {
                schema: schema.clone(),
                pointer: String::new(),
                keyword: "type",
                sentence: "the value does not fit".to_owned(),
            },
        };
        affordable(schema, &budget)?;
        Err(Error::Violation(Box::new(violation)))
    }
}

/// The engine is built without its retrievers and told to be offline, patterns run on the linear
/// engine, and `format` is left to the application (draft-04 makes it optional).
fn engine(
    schema: &Value,
    patterns: PatternOptions<jsonschema::Regex>,
) -> Result<jsonschema::Validator<Instance>, DocumentFault> {
    jsonschema::options_for::<Instance>()
        .with_draft(Draft::Draft4)
        // Nothing is ever fetched: schemas are named by peers (R11).
        .offline()
        // Formats are optional in draft-04 and differ between engines, so results would differ too.
        .should_validate_formats(false)
        // Linear-time patterns only: backtracking is a known way to stall a validator.
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| document_fault(&error))
}

fn affordable(schema: &Schema, budget: &Budget) -> Result<(), Error> {
    match schema {
        Schema::Extension(uri) if budget.is_spent() => Err(Error::TooCostly(Box::new(uri.clone()))),
        Schema::Extension(_) | Schema::Container | Schema::Core(_) => Ok(()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the engine has kinds for later drafts too")]
fn document_fault(error: &ValidationError<'_>) -> DocumentFault {
    match error.kind() {
        ValidationErrorKind::Referencing(_) => DocumentFault::RemoteReference,
        ValidationErrorKind::Format { .. } | ValidationErrorKind::Pattern { .. } => {
            DocumentFault::Pattern
        }
        _ => DocumentFault::Invalid,
    }
}

fn violation(schema: &Schema, error: &ValidationError<'_>) -> Violation {
    Violation {
        schema: schema.clone(),
        pointer: error.instance_path().as_str().to_owned(),
        keyword: static_keyword(error.kind().keyword()),
        sentence: sentence(error.kind()),
    }
}

/// What is wrong, in words that hold no text of the instance.
#[expect(clippy::wildcard_enum_match_arm, reason = "the engine has kinds for later drafts too")]
fn sentence(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Required { property } => match property.as_str() {
            Some(name) => format!("the member {name} is missing"),
            None => "a member is missing".to_owned(),
        },
        Kind::Type { kind: TypeKind::Single(kind) } => format!("the value must be of type {kind}"),
        Kind::Type { kind: TypeKind::Multiple(kinds) } => {
            let kinds: Vec<String> = kinds.iter().map(|kind: JsonType| kind.to_string()).collect();
            format!("the value must be of type {}", kinds.join(" or "))
        }
        Kind::AdditionalProperties { unexpected } => {
            format!("{} members are not allowed here", unexpected.len())
        }
        Kind::MinItems { limit } => format!("the array must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("the array must have at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("the array must have at most {limit} items"),
        Kind::MinLength { limit } => format!("the string must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("the string must have at most {limit} characters"),
        Kind::MinProperties { limit } => format!("the object must have at least {limit} members"),
        Kind::MaxProperties { limit } => format!("the object must have at most {limit} members"),
        Kind::Minimum { limit } => format!("the number must be at least {limit}"),
        Kind::Maximum { limit } => format!("the number must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("the number must be greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("the number must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => {
            format!("the number must be a multiple of {multiple_of}")
        }
        other => fixed_sentence(other).to_owned(),
    }
}

fn fixed_sentence(kind: &ValidationErrorKind) -> &'static str {
    match kind.keyword() {
        "enum" => "the value is none of those allowed",
        "pattern" => "the string does not have the required form",
        "uniqueItems" => "the items of the array must differ from each other",
        "anyOf" => "the value fits none of the alternatives",
        "oneOf" => "the value must fit exactly one of the alternatives",
        "not" => "the value fits what is excluded",
        "falseSchema" => "nothing is allowed here",
        _ => "the value does not fit",
    }
}
