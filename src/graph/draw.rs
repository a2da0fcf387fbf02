//! Draws a graph as text for other programs. An arrow leads from a dependency to its dependent.

use super::Graph;

impl Graph {
    /// <https://mermaid.js.org/syntax/flowchart.html>
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for name in self.order() {
            // A component may be called "end", which is a reserved word in mermaid.
            text.push_str(&format!("  c_{name}[\"{name}\"]\n"));
            for needed in self.dependencies(&name) {
                text.push_str(&format!("  c_{needed} --> c_{name}\n"));
            }
        }
        text
    }

    /// <https://graphviz.org/doc/info/lang.html>
    pub fn dot(&self) -> String {
        let mut text = "digraph infrastructure {\n  rankdir = LR;\n".to_owned();
        for name in self.order() {
            text.push_str(&format!("  \"{name}\";\n"));
            for needed in self.dependencies(&name) {
                text.push_str(&format!("  \"{needed}\" -> \"{name}\";\n"));
            }
        }
        text.push_str("}\n");
        text
    }
}
