//! Decides whether the machines of an environment may cost what they would cost after a plan.

use std::collections::BTreeMap;

use super::policy::PolicyViolation;
use crate::change::Machines;
use crate::count::counted;
use crate::error::Code;
use crate::model::{Name, Price, Prices};
use crate::words::{Words, words};

/// The machines of each component.
pub type EnvironmentMachines = BTreeMap<Name, Machines>;

/// What the machines of an environment cost a month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthlyCost {
    pub sum: Price,
    /// The expensive ones first.
    parts: Vec<CostPart>,
    /// Sizes without a price, which are not in the sum.
    unpriced: BTreeMap<(String, String), u64>,
}

/// Machines of one size in one component.
#[derive(Clone, Debug, PartialEq)]
struct CostPart {
    component: Name,
    number: u64,
    provider: String,
    size: String,
    price: Price,
}

/// A message lists at most so many parts.
const SHOWN: usize = 10;

impl MonthlyCost {
    pub fn of(machines: &EnvironmentMachines, prices: &Prices) -> Self {
        let mut cost = Self::default();
        for (component, machines) in machines {
            for (provider, size, number) in machines.iter() {
                let (provider, size) = (provider.to_owned(), size.to_owned());
                match prices.get(&provider).and_then(|prices| prices.get(&size)) {
                    Some(price) => cost.parts.push(CostPart {
                        component: component.clone(),
                        number,
                        provider,
                        size,
                        price: price.times(number),
                    }),
                    None => *cost.unpriced.entry((provider, size)).or_default() += number,
                }
            }
        }
        cost.parts.sort_by_key(|part| std::cmp::Reverse(part.price));
        cost.sum = cost.parts.iter().map(|part| part.price).sum();
        cost
    }

    /// `web: 3 hcloud cx22 13.50; db: 1 hcloud cx32 7.00`
    fn listed(&self) -> String {
        let shown = self.parts.iter().take(SHOWN).map(|part| {
            let CostPart { component, number, provider, size, price } = part;
            format!("{component}: {number} {provider} {size} {price}")
        });
        let mut listed: Vec<_> = shown.collect();
        if let Some((_, rest @ [_, ..])) = self.parts.split_at_checked(SHOWN) {
            let sum: Price = rest.iter().map(|part| part.price).sum();
            listed.push(format!("{} more {sum}", rest.len()));
        }
        listed.join("; ")
    }

    /// What the sum leaves out. None if it leaves nothing out.
    pub fn left_out(&self) -> Option<Words> {
        let sizes = self.unpriced.iter().map(|((provider, size), number)| {
            let machines = counted(*number, "machine");
            match size.as_str() {
                "" => format!("{provider} with a size that only the apply knows ({machines})"),
                size => format!("{provider} {size} ({machines})"),
            }
        });
        let sizes: Vec<_> = sizes.collect();
        (!sizes.is_empty()).then(|| {
            words![
                "the monthly cost leaves out what has no price: ",
                sizes.join(", "),
                ". Write the price in infrastructure:settings:prices"
            ]
        })
    }

    /// The sum, and what it consists of.
    pub fn note(&self, limit: Price) -> Words {
        words![
            Words::own(format!(
                "the machines of this environment cost {} a month after this plan, and policy allows {limit}: ",
                self.sum
            )),
            self.listed()
        ]
    }
}

/// Only a plan that raises the cost can be too expensive: nothing else may be stopped where a limit was lowered.
pub fn judge_cost(limit: Price, before: &MonthlyCost, after: &MonthlyCost) -> Result<(), PolicyViolation> {
    if after.sum <= limit || after.sum <= before.sum {
        return Ok(());
    }
    Err(PolicyViolation {
        code: Code::MaxMonthlyCost,
        message: words![
            Words::own(format!(
                "the machines of this environment would cost {} a month after this plan; policy allows {limit}: ",
                after.sum
            )),
            after.listed()
        ],
        remedy: "raise policy:max_monthly_cost in the pillar".into(),
        addresses: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn price(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn cost(machines: Value) -> MonthlyCost {
        let machines: BTreeMap<String, Machines> = serde_json::from_value(machines).unwrap();
        let machines = machines.into_iter().map(|(name, one)| (Name::new(&name).unwrap(), one)).collect();
        let hcloud = [("cx22", "4.5"), ("cx32", "7")].map(|(size, text)| (size.to_owned(), price(text)));
        MonthlyCost::of(&machines, &[("hcloud".to_owned(), hcloud.into())].into())
    }

    #[test]
    fn a_plan_that_raises_the_cost_above_the_limit_is_stopped_with_the_sum_and_its_parts() {
        let before = cost(json!({ "db": { "hcloud": { "cx32": 1 } } }));
        let after = cost(json!({ "db": { "hcloud": { "cx32": 1 } }, "web": { "hcloud": { "cx22": 3 } } }));
        let violation = judge_cost(price("20"), &before, &after).unwrap_err();
        assert_eq!(violation.code, Code::MaxMonthlyCost);
        let message = "the machines of this environment would cost 20.50 a month after this plan; policy \
                       allows 20.00: web: 3 hcloud cx22 13.50; db: 1 hcloud cx32 7.00";
        assert_eq!(violation.message, message);
        assert_eq!(judge_cost(price("20.5"), &before, &after), Ok(()));
    }

    #[test]
    fn a_plan_that_does_not_raise_the_cost_passes_also_above_the_limit() {
        let many = cost(json!({ "web": { "hcloud": { "cx22": 3 } } }));
        let fewer = cost(json!({ "web": { "hcloud": { "cx22": 2 } } }));
        assert_eq!(judge_cost(price("1"), &many, &many), Ok(()));
        assert_eq!(judge_cost(price("1"), &many, &fewer), Ok(()));
        assert!(judge_cost(price("1"), &fewer, &many).is_err());
    }

    #[test]
    fn a_size_without_a_price_is_named_and_is_not_in_the_sum() {
        let cost = cost(json!({ "web": { "hcloud": { "cx22": 1, "cx99": 2 }, "aws": { "": 1 } } }));
        assert_eq!(cost.sum, price("4.5"));
        let said = cost.left_out().unwrap().to_string();
        assert!(said.contains("aws with a size that only the apply knows (1 machine)"), "{said}");
        assert!(said.contains("hcloud cx99 (2 machines). Write the price"), "{said}");
        assert_eq!(MonthlyCost::default().left_out(), None);
    }
}
