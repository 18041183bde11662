//! Judges a document before anything is executed, in time linear in its length: no fragment is ever expanded.

use super::error::{Code, whole};
use crate::config::LimitsConfig;
use async_graphql::{Positioned, ServerError};
use async_graphql_parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql_value::Name;
use std::collections::HashMap;

/// Brackets of any kind inside each other, at most: what the parser is ever given to recurse into.
const BRACKETS: u32 = 64;
/// Depth of what hangs below `__schema` and `__type`; the deepest introspection in use has 15.
const INTROSPECTION_DEPTH: u32 = 20;

/// A document that may be executed.
#[derive(Debug)]
pub struct Judged {
    /// As parsed, once.
    pub document: ExecutableDocument,
    /// What the chosen operation does.
    pub operation: OperationType,
}

/// What a selection set comes to, with its fragments expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    selections: u64,
    depth: u32,
    introspection_depth: u32,
    top_fields: u64,
}

impl Extent {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            top_fields: self.top_fields.saturating_add(other.top_fields),
        }
    }
}

/// Parses and judges `query`.
///
/// # Errors
/// QUERY_TOO_DEEP, QUERY_TOO_COMPLEX, or BAD_USER_INPUT for what is no document, has a cycle of fragments, or does not have
/// the operation named. No text quotes the source.
pub fn judge(query: &str, operation_name: Option<&str>, limits: &LimitsConfig) -> Result<Judged, ServerError> {
    scan(query, limits)?;
    let document = async_graphql_parser::parse_query(query).map_err(unparsable)?;
    let mut walk = Walk { document: &document, limits, known: HashMap::new(), open: Vec::new(), aliases: 0, directives: 0 };
    walk.document()?;
    let operation = operation(&document, operation_name)?;
    if operation == OperationType::Subscription {
        one_field(&document, operation_name)?;
    }
    Ok(Judged { document, operation })
}

/// A subscription watches one thing, named directly: the library watches nothing that a fragment names.
fn one_field(document: &ExecutableDocument, name: Option<&str>) -> Result<(), ServerError> {
    let mut operations = document.operations.iter();
    let chosen = operations.find(|(own, _)| name.is_none() || own.map(|own| own.as_str()) == name);
    let items = chosen.map_or(&[][..], |(_, operation)| &operation.node.selection_set.node.items[..]);
    match items {
        [Positioned { node: Selection::Field(_), .. }] => Ok(()),
        _ => Err(whole(Code::BadUserInput, "a subscription watches one thing: name one field of it, outside of fragments")),
    }
}

fn operation(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, ServerError> {
    let mut operations = document.operations.iter();
    let chosen = match name {
        Some(name) => operations.find(|(own, _)| own.is_some_and(|own| own.as_str() == name)),
        None if operations.len() > 1 => {
            return Err(whole(Code::BadUserInput, "the document holds several operations: say which by 'operationName'"));
        }
        None => operations.next(),
    };
    let unknown = || whole(Code::BadUserInput, "the document holds no operation of the name in 'operationName'");
    chosen.map(|(_, operation)| operation.node.ty).ok_or_else(unknown)
}

fn too_many(what: &str, limit: u64) -> ServerError {
    whole(Code::QueryTooComplex, format!("too many {what}: the limit is {limit}"))
}

fn too_deep(what: &str, limit: u32) -> ServerError {
    whole(Code::QueryTooDeep, format!("{what} is nested too deep: the limit is {limit}"))
}

/// The parser's own text holds the source line: say only where.
fn unparsable(error: async_graphql_parser::Error) -> ServerError {
    use async_graphql_parser::Error;
    let text = match &error {
        Error::Syntax { start, .. } => format!("syntax error at line {}, column {}", start.line, start.column),
        Error::MultipleOperations { .. } => "an operation without a name must be the only one".into(),
        Error::OperationDuplicated { .. } => "two operations have the same name".into(),
        Error::FragmentDuplicated { .. } => "two fragments have the same name".into(),
        Error::MissingOperation => "the document holds no operation".into(),
        Error::RecursionLimitExceeded => return too_deep("the document", BRACKETS),
        _ => "the document cannot be parsed".into(),
    };
    let mut shown = whole(Code::BadUserInput, text);
    shown.locations = error.positions().collect();
    shown
}

/// Counts tokens and brackets without parsing, so that the parser's recursion is bounded before it starts.
fn scan(query: &str, limits: &LimitsConfig) -> Result<(), ServerError> {
    let bytes = query.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0_u32, 0_u32);
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                at += 1;
                continue;
            }
            b'#' => {
                at = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' | b'(' => {
                open += 1;
                at += 1;
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                at += 1;
            }
            b'.' if bytes[at..].starts_with(b"...") => at += 3,
            _ if is_word(byte) => at += bytes[at..].iter().take_while(|byte| is_word(**byte) || **byte == b'.').count(),
            _ => at += 1,
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(too_many("tokens in the document", u64::from(limits.tokens)));
        }
        if open > BRACKETS {
            return Err(too_deep("the document", BRACKETS));
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The first byte after the string that starts at `start`; an unclosed one ends with its line or the document.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let is_block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if is_block { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if is_block && bytes[at..].starts_with(b"\\\"\"\"") => at += 4,
            b'\\' if !is_block => at += 2,
            b'"' if is_block && bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'"' if !is_block => return at + 1,
            b'\n' if !is_block => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a LimitsConfig,
    /// Of each fragment walked to its end.
    known: HashMap<&'a Name, Extent>,
    /// The fragments being walked.
    open: Vec<&'a Name>,
    aliases: u32,
    directives: u32,
}

impl<'a> Walk<'a> {
    fn document(&mut self) -> Result<(), ServerError> {
        let (document, limits) = (self.document, self.limits);
        if document.operations.iter().len() > limits.operations as usize {
            return Err(too_many("operations in the document", u64::from(limits.operations)));
        }
        if document.fragments.len() > limits.fragments as usize {
            return Err(too_many("fragments in the document", u64::from(limits.fragments)));
        }
        for (_, operation) in document.operations.iter() {
            if operation.node.variable_definitions.len() > limits.variables as usize {
                return Err(too_many("variables in an operation", u64::from(limits.variables)));
            }
            self.directives(operation.node.directives.len())?;
            for variable in &operation.node.variable_definitions {
                self.directives(variable.node.directives.len())?;
            }
            let extent = self.set(&operation.node.selection_set)?;
            self.extent(extent)?;
            if extent.top_fields > u64::from(limits.root_fields) {
                return Err(too_many("root fields", u64::from(limits.root_fields)));
            }
        }
        for name in document.fragments.keys() {
            let extent = self.fragment(name)?;
            self.extent(extent)?;
        }
        Ok(())
    }

    fn extent(&self, extent: Extent) -> Result<(), ServerError> {
        if extent.depth > self.limits.depth {
            return Err(too_deep("the document", self.limits.depth));
        }
        if extent.introspection_depth > INTROSPECTION_DEPTH {
            return Err(too_deep("introspection", INTROSPECTION_DEPTH));
        }
        if extent.selections > self.limits.selections {
            return Err(too_many("selections, with fragments expanded", self.limits.selections));
        }
        Ok(())
    }

    fn directives(&mut self, count: usize) -> Result<(), ServerError> {
        if count > self.limits.directives_per_field as usize {
            return Err(too_many("directives in one place", u64::from(self.limits.directives_per_field)));
        }
        self.directives += u32::try_from(count).unwrap_or(u32::MAX);
        match self.directives > self.limits.directives {
            true => Err(too_many("directives in the document", u64::from(self.limits.directives))),
            false => Ok(()),
        }
    }

    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<Extent, ServerError> {
        let mut sum = Extent::default();
        for selection in &set.node.items {
            self.directives(selection.node.directives().len())?;
            let one = Extent { selections: 1, ..Extent::default() };
            let extent = match &selection.node {
                Selection::Field(field) => {
                    if field.node.alias.is_some() {
                        self.aliases += 1;
                        if self.aliases > self.limits.aliases {
                            return Err(too_many("aliases in the document", u64::from(self.limits.aliases)));
                        }
                    }
                    let below = self.set(&field.node.selection_set)?;
                    let starts_introspection = matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    Extent {
                        selections: below.selections.saturating_add(1),
                        depth: if starts_introspection { 1 } else { below.depth.saturating_add(1) },
                        introspection_depth: below.introspection_depth.max(if starts_introspection { below.depth } else { 0 }),
                        top_fields: 1,
                    }
                }
                Selection::InlineFragment(inline) => one.beside(self.set(&inline.node.selection_set)?),
                Selection::FragmentSpread(spread) => one.beside(self.fragment(&spread.node.fragment_name.node)?),
            };
            sum = sum.beside(extent);
        }
        Ok(sum)
    }

    /// A fragment that is not there counts nothing: validation names it.
    fn fragment(&mut self, name: &'a Name) -> Result<Extent, ServerError> {
        if let Some(known) = self.known.get(name) {
            return Ok(*known);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        if self.open.contains(&name) {
            return Err(whole(Code::BadUserInput, "fragments spread each other in a cycle"));
        }
        self.open.push(name);
        self.directives(fragment.node.directives.len())?;
        let extent = self.set(&fragment.node.selection_set)?;
        self.open.pop();
        self.known.insert(name, extent);
        Ok(extent)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::error::code_of;
    use super::*;

    fn code(query: &str) -> Option<String> {
        judge(query, None, &LimitsConfig::default()).err().map(|error| code_of(&error).unwrap().to_owned())
    }

    fn bomb(levels: u32) -> String {
        let mut query = String::from("{ ...F0 }");
        for level in 0..levels {
            query += &format!(" fragment F{level} on Query {{ ...F{} ...F{} }}", level + 1, level + 1);
        }
        query + &format!(" fragment F{levels} on Query {{ viewer {{ name }} }}")
    }

    #[test]
    fn a_fragment_bomb_is_refused_by_count_however_often_it_doubles() {
        for levels in [13, 22, 63, 64, 65, 98] {
            assert_eq!(code(&bomb(levels)).as_deref(), Some("QUERY_TOO_COMPLEX"), "{levels}");
        }
        // 2^4 root fields: below every limit.
        assert_eq!(code(&bomb(4)), None);
    }

    #[test]
    fn at_each_limit_a_document_is_served_and_one_above_it_is_refused() {
        type Write = fn(usize) -> String;
        let cases: [(&str, usize, Write, &str); 9] = [
            ("depth", 15, |n| format!("{}{}", "{ a ".repeat(n), "}".repeat(n)), "QUERY_TOO_DEEP"),
            (
                "aliases",
                50,
                |n| format!("{{ b {{ {} }} }}", (0..n).map(|i| format!("a{i}: a ")).collect::<String>()),
                "QUERY_TOO_COMPLEX",
            ),
            ("root fields", 20, |n| format!("{{ {} }}", "a ".repeat(n)), "QUERY_TOO_COMPLEX"),
            ("directives of a field", 5, |n| format!("{{ a {} }}", "@x ".repeat(n)), "QUERY_TOO_COMPLEX"),
            ("directives", 50, |n| format!("{{ b {{ {} }} }}", "a @x ".repeat(n)), "QUERY_TOO_COMPLEX"),
            ("operations", 10, |n| (0..n).map(|i| format!("query Q{i} {{ a }} ")).collect(), "QUERY_TOO_COMPLEX"),
            (
                "fragments",
                100,
                |n| "{ a } ".to_owned() + &(0..n).map(|i| format!("fragment F{i} on Q {{ a }} ")).collect::<String>(),
                "QUERY_TOO_COMPLEX",
            ),
            (
                "variables",
                100,
                |n| format!("query Q({}) {{ a }}", (0..n).map(|i| format!("$v{i}: Int ")).collect::<String>()),
                "QUERY_TOO_COMPLEX",
            ),
            ("selections", 5_000, |n| format!("{{ b {{ {} }} }}", "a ".repeat(n - 1)), "QUERY_TOO_COMPLEX"),
        ];
        for (name, limit, write, expected) in cases {
            let at = judge(&write(limit), Some("Q0"), &LimitsConfig::default()).err().map(|error| error.message);
            let is_fine = at.as_deref().is_none_or(|text| text.contains("operationName"));
            assert!(is_fine, "{name} at the limit: {at:?}");
            assert_eq!(code(&write(limit + 1)).as_deref(), Some(expected), "{name} above the limit");
        }
    }

    #[test]
    fn nesting_of_any_kind_is_refused_before_it_is_parsed() {
        let deep = 10_000;
        for query in [
            format!("{}{}", "{ a ".repeat(deep), "}".repeat(deep)),
            format!("{{ a(b: {}1{}) }}", "[".repeat(deep), "]".repeat(deep)),
            format!("{{ a(b: {}1{}) }}", "{c: ".repeat(deep), "}".repeat(deep)),
            format!("query Q($a: {}Int{}) {{ a }}", "[".repeat(deep), "]".repeat(deep)),
        ] {
            assert!(matches!(code(&query).as_deref(), Some("QUERY_TOO_DEEP" | "QUERY_TOO_COMPLEX")));
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let brackets = "{".repeat(500);
        assert_eq!(code(&format!("{{ a(b: \"{brackets}\\\"\", c: \"\"\"{brackets} \\\"\"\" \"\"\") }} # {brackets}")), None);
    }

    #[test]
    fn a_cycle_of_fragments_is_the_clients_mistake() {
        assert_eq!(code("{ ...A } fragment A on Q { ...B } fragment B on Q { a ...A }").as_deref(), Some("BAD_USER_INPUT"));
        assert_eq!(code("{ ...A } fragment A on Q { b { ...A } }").as_deref(), Some("BAD_USER_INPUT"));
    }

    #[test]
    fn a_syntax_error_says_where_and_quotes_nothing() {
        let error = judge("{ secret: \n ) }", None, &LimitsConfig::default()).unwrap_err();
        assert_eq!(error.message, "syntax error at line 2, column 2");
    }

    #[test]
    fn a_subscription_watches_one_thing() {
        assert_eq!(code("subscription { a }"), None);
        for query in ["subscription { a b }", "subscription { ...A } fragment A on S { a }", "subscription { ... { a } }"] {
            assert_eq!(code(query).as_deref(), Some("BAD_USER_INPUT"), "{query}");
        }
    }

    #[test]
    fn introspection_as_deep_as_graphiqls_passes() {
        let types = (0..9).fold(String::from("name"), |inner, _| format!("kind ofType {{ {inner} }}"));
        assert_eq!(code(&format!("{{ __schema {{ types {{ fields {{ args {{ type {{ {types} }} }} }} }} }} }}")), None);
    }
}
