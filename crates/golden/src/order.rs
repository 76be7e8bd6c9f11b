//! Which line of an expected output comes after which, and which chains can stand for each other.

use std::collections::BTreeSet;

use crate::names::{NameId, Names};
use crate::pattern::Pattern;

/// Index of a line of the body.
pub(crate) type LineId = usize;

/// Index of a chain.
pub(crate) type ChainId = usize;

/// One line of the body.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Left of the bar, as it is written.
    pub(crate) labels: String,
    pub(crate) chains: Vec<ChainId>,
    pub(crate) pattern: Pattern,
}

/// A sequence of lines that keep their order.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) lines: Vec<LineId>,
    /// The names that occur in lines of this chain alone, in the order in which they are met.
    pub(crate) own_names: Vec<NameId>,
    /// Chains of the same class can be exchanged, together with their own names, and the file says the same.
    pub(crate) class: ChainId,
}

/// The order of the lines of an expected output.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) chains: Vec<Chain>,
    /// The lines that each name occurs in.
    pub(crate) lines_of: Vec<Vec<LineId>>,
    /// The names that are no chain's own.
    pub(crate) shared_names: Vec<NameId>,
}

impl Order {
    pub(crate) fn new(chains: usize, lines: &[Line], names: &Names) -> Order {
        let lines_of: Vec<Vec<LineId>> = (0..names.len())
            .map(|name| {
                (0..lines.len())
                    .filter(|&line| lines[line].pattern.names().any(|n| n == name))
                    .collect()
            })
            .collect();
        let owner = |name: NameId| {
            let chains: BTreeSet<ChainId> =
                lines_of[name].iter().flat_map(|&line| &lines[line].chains).copied().collect();
            if chains.len() == 1 { chains.first().copied() } else { None }
        };
        let mut order = Order {
            chains: Vec::with_capacity(chains),
            shared_names: (0..names.len()).filter(|&name| owner(name).is_none()).collect(),
            lines_of: Vec::new(),
        };
        for id in 0..chains {
            let mut own_names: Vec<NameId> = Vec::new();
            let own_lines = (0..lines.len())
                .filter(|&line| lines[line].chains.contains(&id))
                .collect::<Vec<_>>();
            for name in own_lines.iter().flat_map(|&line| lines[line].pattern.names()) {
                if owner(name) == Some(id) && !own_names.contains(&name) {
                    own_names.push(name);
                }
            }
            let chain = Chain { lines: own_lines, own_names, class: id };
            let class = order
                .chains
                .iter()
                .find(|other| is_like(&chain, other, lines, names))
                .map(|other| other.class);
            order.chains.push(Chain { class: class.unwrap_or(id), ..chain });
        }
        Order { lines_of, ..order }
    }
}

/// Whether two chains differ in nothing but their own names.
fn is_like(one: &Chain, two: &Chain, lines: &[Line], names: &Names) -> bool {
    /// A name seen from inside its chain.
    #[derive(PartialEq)]
    enum Seen {
        Own { position: usize, kind: usize },
        Shared(NameId),
    }
    let seen =
        |chain: &Chain, name: NameId| match chain.own_names.iter().position(|&own| own == name) {
            Some(position) => Seen::Own { position, kind: names.kind_of(name) },
            None => Seen::Shared(name),
        };
    let is_own = |line: LineId| lines[line].chains.len() == 1;
    one.lines.len() == two.lines.len()
        && one.lines.iter().zip(&two.lines).all(|(&a, &b)| {
            a == b
                || is_own(a)
                    && is_own(b)
                    && lines[a].pattern.is_like(
                        &lines[b].pattern,
                        |name| seen(one, name),
                        |name| seen(two, name),
                    )
        })
}
