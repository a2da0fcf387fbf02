//! References to something that a complete module does not declare. Terraform refuses them before it plans, also in
//! `try` and where the value is not used.

use std::collections::{BTreeMap, BTreeSet};

use hcl::expr::{ObjectKey, TemplateExpr, Traversal, TraversalOperator};
use hcl::template::{Directive, Element};
use hcl::{Expression, Template};

use super::block::{Argument, Block};
use super::document::place;
use super::syntax;
use crate::model::nearest;

/// Names that begin a reference to something else than a managed resource, in any version of Terraform or OpenTofu.
const RESERVED: [&str; 24] = [
    "action",
    "arg",
    "check",
    "count",
    "data",
    "each",
    "ephemeral",
    "iterator",
    "key_provider",
    "lazy",
    "list",
    "local",
    "method",
    "module",
    "output",
    "path",
    "provider",
    "resource",
    "run",
    "self",
    "template",
    "terraform",
    "tofu",
    "var",
];

/// The undeclared references of native blocks, one sentence each. `blocks`: all of one folder.
pub fn undeclared(blocks: &[Block]) -> Vec<String> {
    let declared = Declared::of(blocks);
    let mut faults = Vec::new();
    for block in blocks {
        for (name, argument) in block.arguments.iter().filter(|(name, _)| is_value(&block.kind, name)) {
            let Argument::Native(piece) = argument else { continue };
            let Some(expression) = syntax::expression(piece) else { continue };
            let mut walk = Walk { declared: &declared, scope: Vec::new(), found: BTreeMap::new() };
            walk.expression(&expression);
            faults.extend(walk.found.into_iter().map(|(reference, lacks)| {
                let place = place(&block.file, Some(piece.line));
                format!("{place}: {name} reads {reference}, and the module declares no {lacks}")
            }));
        }
    }
    faults
}

/// Whether the argument is an ordinary expression. Others have their own rules, such as `provider = aws.west`.
fn is_value(block: &str, argument: &str) -> bool {
    match block {
        "locals" => true,
        "output" => argument == "value",
        "resource" | "data" => !["provider", "depends_on"].contains(&argument),
        "module" => !["source", "version", "providers", "depends_on"].contains(&argument),
        _ => false,
    }
}

/// Everything that can be referenced: `var.x`, `local.x`, `module.x`, `data.t.x`, and `t.x` for a managed resource.
struct Declared(BTreeSet<String>);

impl Declared {
    fn of(blocks: &[Block]) -> Self {
        let mut declared = BTreeSet::new();
        blocks.iter().for_each(|block| add(block, &mut declared));
        Self(declared)
    }

    fn has(&self, address: &str) -> bool {
        self.0.contains(address)
    }

    /// `variable; did you mean var.port?`
    fn lacks(&self, what: &str, address: &str) -> String {
        let (root, _) = address.rsplit_once('.').unwrap_or((address, ""));
        let alike = self
            .0
            .iter()
            .map(String::as_str)
            .filter(|one| one.rsplit_once('.').is_some_and(|(of, _)| of == root));
        match nearest(address, alike) {
            Some(near) => format!("such {what}; did you mean {near}?"),
            None => format!("such {what}"),
        }
    }
}

fn add(block: &Block, declared: &mut BTreeSet<String>) {
    let labels = block.labels.join(".");
    match block.kind.as_str() {
        "variable" => drop(declared.insert(format!("var.{labels}"))),
        "locals" => declared.extend(block.arguments.keys().map(|name| format!("local.{name}"))),
        "resource" => drop(declared.insert(labels)),
        "module" | "data" | "ephemeral" => drop(declared.insert(format!("{}.{labels}", block.kind))),
        _ => {}
    }
    // A `check` block can contain a data source.
    block.blocks.iter().filter(|nested| nested.kind == "data").for_each(|nested| add(nested, declared));
}

/// One expression. `scope`: the names that `for` has introduced.
struct Walk<'a> {
    declared: &'a Declared,
    scope: Vec<String>,
    /// Reference to what the module lacks.
    found: BTreeMap<String, String>,
}

impl Walk<'_> {
    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Array(items) => items.iter().for_each(|item| self.expression(item)),
            Expression::Object(entries) => {
                for (key, value) in entries.iter() {
                    if let ObjectKey::Expression(
                        key @ (Expression::Parenthesis(_) | Expression::TemplateExpr(_)),
                    ) = key
                    {
                        self.expression(key);
                    }
                    self.expression(value);
                }
            }
            Expression::TemplateExpr(template) => self.template_expression(template),
            Expression::Variable(root) => self.reference(root.as_str(), &[]),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::FuncCall(call) => call.args.iter().for_each(|argument| self.expression(argument)),
            Expression::Parenthesis(inner) => self.expression(inner),
            Expression::Conditional(condition) => {
                self.expression(&condition.cond_expr);
                self.expression(&condition.true_expr);
                self.expression(&condition.false_expr);
            }
            Expression::Operation(operation) => match &**operation {
                hcl::expr::Operation::Unary(unary) => self.expression(&unary.expr),
                hcl::expr::Operation::Binary(binary) => {
                    self.expression(&binary.lhs_expr);
                    self.expression(&binary.rhs_expr);
                }
            },
            Expression::ForExpr(each) => {
                self.expression(&each.collection_expr);
                let names = each.key_var.iter().chain([&each.value_var]).map(ToString::to_string);
                self.within(names.collect(), |walk| {
                    let parts = each.key_expr.iter().chain([&each.value_expr]).chain(each.cond_expr.iter());
                    parts.for_each(|part| walk.expression(part));
                });
            }
            _ => {}
        }
    }

    fn within(&mut self, names: Vec<String>, walk: impl FnOnce(&mut Self)) {
        let outside = self.scope.len();
        self.scope.extend(names);
        walk(self);
        self.scope.truncate(outside);
    }

    fn template_expression(&mut self, template: &TemplateExpr) {
        // What the parser does not accept is named as unchecked elsewhere, or has no references.
        if let Ok(template) = Template::from_expr(template) {
            self.template(&template);
        }
    }

    fn template(&mut self, template: &Template) {
        for element in template.elements() {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(part) => self.expression(&part.expr),
                Element::Directive(directive) => match &**directive {
                    Directive::If(branch) => {
                        self.expression(&branch.cond_expr);
                        self.template(&branch.true_template);
                        branch.false_template.iter().for_each(|branch| self.template(branch));
                    }
                    Directive::For(each) => {
                        self.expression(&each.collection_expr);
                        let names = each.key_var.iter().chain([&each.value_var]).map(ToString::to_string);
                        self.within(names.collect(), |walk| walk.template(&each.template));
                    }
                },
            }
        }
    }

    fn traversal(&mut self, traversal: &Traversal) {
        for operator in &traversal.operators {
            if let TraversalOperator::Index(index) = operator {
                self.expression(index);
            }
        }
        let names = traversal.operators.iter().map_while(|operator| match operator {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        });
        match &traversal.expr {
            Expression::Variable(root) => self.reference(root.as_str(), &names.collect::<Vec<_>>()),
            other => self.expression(other),
        }
    }

    /// `names`: the attributes that follow the root, up to the first index.
    fn reference(&mut self, root: &str, names: &[&str]) {
        if self.scope.iter().any(|name| name == root) {
            return;
        }
        let (what, address) = match (root, names) {
            ("var", [name, ..]) => ("variable", format!("var.{name}")),
            ("local", [name, ..]) => ("local value", format!("local.{name}")),
            ("module", [name, ..]) => ("module call", format!("module.{name}")),
            ("data", [kind, name, ..]) => ("data source", format!("data.{kind}.{name}")),
            ("resource", [kind, name, ..]) => ("resource", format!("{kind}.{name}")),
            (root, _) if RESERVED.contains(&root) => return,
            (root, [name, ..]) => ("resource", format!("{root}.{name}")),
            (root, []) => {
                return drop(self.found.insert(root.to_owned(), format!("resource {root}.NAME")));
            }
        };
        if !self.declared.has(&address) {
            let lacks = self.declared.lacks(what, &address);
            self.found.insert(address, lacks);
        }
    }
}
