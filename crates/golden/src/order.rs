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
    /// Chains that need never be behind this one, see [`Comparison::is_senior`].
    pub(crate) seniors: Vec<ChainId>,
}

/// The order of the lines of an expected output.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) chains: Vec<Chain>,
    /// For each name and each chain that it occurs in, how many lines of the chain there are up to its last one.
    pub(crate) last_uses: Vec<Vec<(ChainId, usize)>>,
    /// The names that are no chain's own.
    pub(crate) shared_names: Vec<NameId>,
}

impl Order {
    pub(crate) fn new(chains: usize, lines: &[Line], names: &Names) -> Order {
        let uses = |name| {
            (0..lines.len())
                .filter(move |&line| lines[line].pattern.names().any(|used| used == name))
        };
        let owner = |name: NameId| {
            let chains: BTreeSet<ChainId> =
                uses(name).flat_map(|line| &lines[line].chains).copied().collect();
            if chains.len() == 1 { chains.first().copied() } else { None }
        };
        let chain = |id: ChainId| {
            let of_chain: Vec<LineId> =
                (0..lines.len()).filter(|&line| lines[line].chains.contains(&id)).collect();
            let mut own_names: Vec<NameId> = Vec::new();
            for name in of_chain.iter().flat_map(|&line| lines[line].pattern.names()) {
                if owner(name) == Some(id) && !own_names.contains(&name) {
                    own_names.push(name);
                }
            }
            Chain { lines: of_chain, own_names, class: id, seniors: Vec::new() }
        };
        let mut chains: Vec<Chain> = (0..chains).map(chain).collect();

        let compare = Comparison { lines, names, chains: &chains };
        let class = |two| (0..two).find(|&one| compare.can_be_exchanged(one, two)).unwrap_or(two);
        let seniors = |two| (0..chains.len()).filter(|&one| compare.is_senior(one, two)).collect();
        let found: Vec<(ChainId, Vec<ChainId>)> =
            (0..chains.len()).map(|id| (class(id), seniors(id))).collect();
        for (chain, (class, seniors)) in chains.iter_mut().zip(found) {
            chain.class = class;
            chain.seniors = seniors;
        }

        let last_use = |name: NameId, chain: ChainId| {
            let is_use = |&line: &LineId| uses(name).any(|used| used == line);
            chains[chain].lines.iter().rposition(is_use).map(|last| (chain, last + 1))
        };
        let last_uses =
            |name| (0..chains.len()).filter_map(|chain| last_use(name, chain)).collect();
        Order {
            last_uses: (0..names.len()).map(last_uses).collect(),
            shared_names: (0..names.len()).filter(|&name| owner(name).is_none()).collect(),
            chains,
        }
    }
}

/// Compares chains line by line.
struct Comparison<'a> {
    lines: &'a [Line],
    names: &'a Names,
    chains: &'a [Chain],
}

/// A name seen from inside a chain.
#[derive(PartialEq)]
enum Seen {
    Own { position: usize, kind: usize },
    Shared(NameId),
}

impl Comparison<'_> {
    /// Whether two chains differ in nothing but their own names.
    fn can_be_exchanged(&self, one: ChainId, two: ChainId) -> bool {
        self.are_alike(one, two, |_, _| false)
    }

    /// Whether `one` need never be behind `two`: they have the same lines, and where these are shared with other
    /// chains, `one` comes first in those.
    ///
    /// Take any right reading of an output, and whenever `one` is behind `two`, say that it was the other way
    /// round. That is a right reading too. Their own lines have the same text, and no name spans two of them.
    /// Their shared lines are read as before: `one` has read its own when `two` reads the like, so it is not
    /// behind then.
    fn is_senior(&self, one: ChainId, two: ChainId) -> bool {
        let others = |line: LineId, chain: ChainId| -> BTreeSet<ChainId> {
            self.lines[line].chains.iter().copied().filter(|&other| other != chain).collect()
        };
        let comes_first = |a: LineId, b: LineId| a < b && others(a, one) == others(b, two);
        let spans_lines = |chain: ChainId| {
            let Chain { lines, own_names, .. } = &self.chains[chain];
            own_names.iter().any(|&name| {
                lines
                    .iter()
                    .filter(|&&line| self.lines[line].pattern.names().any(|used| used == name))
                    .count()
                    > 1
            })
        };
        one != two
            && self.are_alike(one, two, comes_first)
            && !spans_lines(one)
            && (one < two || !self.can_be_exchanged(one, two))
    }

    /// Whether two chains have the same lines but for their own names, and share the same lines with others, or
    /// such that `shared` allows.
    fn are_alike(
        &self,
        one: ChainId,
        two: ChainId,
        shared: impl Fn(LineId, LineId) -> bool,
    ) -> bool {
        let (first, second) = (&self.chains[one].lines, &self.chains[two].lines);
        let is_own = |line: LineId| self.lines[line].chains.len() == 1;
        let have_like_text = |a: LineId, b: LineId| {
            let (a, b) = (&self.lines[a].pattern, &self.lines[b].pattern);
            a.is_like(b, |name| self.seen(one, name), |name| self.seen(two, name))
        };
        let are_like =
            |(&a, &b)| a == b || (is_own(a) && is_own(b) || shared(a, b)) && have_like_text(a, b);
        first.len() == second.len() && first.iter().zip(second).all(are_like)
    }

    fn seen(&self, chain: ChainId, name: NameId) -> Seen {
        match self.chains[chain].own_names.iter().position(|&own| own == name) {
            Some(position) => Seen::Own { position, kind: self.names.kind_of(name) },
            None => Seen::Shared(name),
        }
    }
}
