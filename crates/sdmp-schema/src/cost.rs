//! What validation may cost: a count of steps that no hostile schema or container can exceed.

use std::cell::Cell;

use sdmp_container::strict::Number;

use crate::{Schema, document::Bundle};

/// Steps that validating one container against all extension schemas that it lists may take. A
/// step is a look at one value, or what takes about as long: below 0.1 microseconds.
const STEPS: u64 = 8 << 20;

/// Steps for each octet of a string that regular expressions may read: the linear engine may look
/// at each octet once for each of its states.
const STEPS_AN_OCTET: u64 = 64;

/// Octets that are compared, hashed or copied in one step.
const OCTETS_A_STEP: usize = 16;

/// Steps for arithmetic with a number that is not an integer.
const STEPS_A_FRACTION: u64 = 32;

/// Steps for each octet of a schema that is compiled.
const STEPS_A_COMPILED_OCTET: u64 = 4;

/// Names of a schema that are compared with a member's name in one step.
const NAMES_A_STEP: u64 = 4;

/// Schemas that apply to a value without looking at it, for which one step is counted.
const SCHEMAS_A_STEP: u64 = 32;

/// The steps that are left of one validation.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Budget {
    /// For extension schemas.
    pub(crate) fn limited() -> Self {
        Self { left: Cell::new(STEPS) }
    }

    /// For our own schemas, whose cost is known to be linear.
    pub(crate) fn unlimited() -> Self {
        Self { left: Cell::new(u64::MAX) }
    }

    /// What that schema may cost.
    pub(crate) fn of(schema: &Schema) -> Self {
        match schema {
            Schema::Extension(_) => Self::limited(),
            Schema::Container | Schema::Core(_) => Self::unlimited(),
        }
    }

    /// Whether the limit was reached, which makes the engine's verdict void.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Compiling a schema of so many octets.
    pub(crate) fn compile(&self, octets: usize) -> bool {
        self.take(steps(octets).saturating_mul(STEPS_A_COMPILED_OCTET))
    }

    /// Takes steps; `false` when there are not so many left.
    fn take(&self, steps: u64) -> bool {
        // Never below zero: once it is spent every later question is refused, and the result is
        // discarded.
        let left = self.left.get().saturating_sub(steps);
        self.left.set(left);
        left > 0
    }
}

/// What looking at a member or an element costs under one compiled schema.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prices {
    /// How many regular expressions may run over a member name.
    name_patterns: u64,
    /// For comparing a member name with those of the schema.
    steps_a_name: u64,
    /// For schemas that apply to a value without looking at it.
    steps_a_value: u64,
}

impl Prices {
    pub(crate) fn of(bundle: &Bundle) -> Self {
        Self {
            name_patterns: bundle.name_patterns,
            steps_a_name: steps(bundle.names).div_ceil(NAMES_A_STEP),
            steps_a_value: bundle.weight / SCHEMAS_A_STEP,
        }
    }
}

/// How one compiled schema draws on a budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost<'b> {
    budget: &'b Budget,
    prices: Prices,
}

impl<'b> Cost<'b> {
    pub(crate) const fn new(budget: &'b Budget, prices: Prices) -> Self {
        Self { budget, prices }
    }

    /// One look at one value.
    pub(crate) fn step(&self) -> bool {
        self.budget.take(1)
    }

    /// Going on to a value: every schema of its place may apply.
    pub(crate) fn visit(&self) -> bool {
        self.budget.take(self.prices.steps_a_value + 1)
    }

    /// So many octets compared, hashed or copied.
    pub(crate) fn octets(&self, octets: usize) -> bool {
        self.budget.take(steps(octets / OCTETS_A_STEP).saturating_add(1))
    }

    /// A string that is handed to the engine, which may run a regular expression over it.
    pub(crate) fn text(&self, text: &str) -> bool {
        self.budget.take(steps(text.len()).saturating_mul(STEPS_AN_OCTET).saturating_add(1))
    }

    /// A member's name and value: the name is compared with those of the schema, and matched.
    pub(crate) fn member(&self, name: &str) -> bool {
        // Each name is run through each pattern: the product is what a hostile schema would blow
        // up.
        let matched = steps(name.len()).saturating_mul(self.prices.name_patterns);
        // Those of one length, with the same beginning and end, are compared to the last octet.
        let compared = self.prices.steps_a_name.saturating_mul(1 + steps(name.len()) / 64);
        self.budget.take(matched.saturating_mul(STEPS_AN_OCTET).saturating_add(compared))
            && self.octets(name.len())
            && self.visit()
    }

    /// A number, of which the engine may read the text several times. Divisibility of what is not
    /// an integer is found with exact fractions.
    pub(crate) fn number(&self, number: &Number<'_>) -> bool {
        // `multipleOf` and comparisons of fractions use exact arithmetic, which is slow.
        let exact = if number.is_integer() { 0 } else { STEPS_A_FRACTION };
        self.budget.take(exact) && self.octets(number.written_len().saturating_mul(8))
    }

    /// Sorting so many things: n log n.
    pub(crate) fn sorting(&self, count: usize) -> bool {
        let rounds = steps(count).checked_ilog2().map_or(1, |log| u64::from(log) + 1);
        self.budget.take(steps(count).saturating_mul(rounds) / 4 + 1)
    }
}

fn steps(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
