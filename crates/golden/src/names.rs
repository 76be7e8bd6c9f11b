//! The names that placeholders give to ids, and the kinds of values they stand for.

/// Index of a name in [`Names`].
pub(crate) type NameId = usize;

/// What each name stands for so far; the values are pieces of the output.
pub(crate) type Bindings<'o> = Vec<Option<&'o str>>;

/// All kinds and names of one expected output.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    kinds: Vec<Kind>,
    names: Vec<Name>,
}

/// A set of values that names can stand for.
#[derive(Debug, Clone)]
struct Kind {
    name: String,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Pid,
    Time,
    Declared(Vec<String>),
}

#[derive(Debug, Clone)]
struct Name {
    kind: usize,
    name: String,
}

impl Names {
    pub(crate) fn new() -> Names {
        let kind = |name: &str, values| Kind { name: name.into(), values };
        Names {
            kinds: vec![kind("pid", Values::Pid), kind("time", Values::Time)],
            names: Vec::new(),
        }
    }

    /// Adds a kind that stands for one of `values`; false if there is one of that name.
    pub(crate) fn declare(&mut self, kind: &str, values: Vec<String>) -> bool {
        let is_new = self.kind(kind).is_none();
        if is_new {
            self.kinds.push(Kind { name: kind.into(), values: Values::Declared(values) });
        }
        is_new
    }

    /// Index of a kind.
    pub(crate) fn kind(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.name == name)
    }

    /// The name `name` of a kind, which is new when it is met first.
    pub(crate) fn resolve(&mut self, kind: usize, name: &str) -> NameId {
        let known = self.names.iter().position(|other| other.kind == kind && other.name == name);
        known.unwrap_or_else(|| {
            self.names.push(Name { kind, name: name.into() });
            self.names.len() - 1
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Index of the kind of a name.
    pub(crate) fn kind_of(&self, name: NameId) -> usize {
        self.names[name].kind
    }

    /// All names of the same kind, this one too.
    pub(crate) fn of_same_kind(&self, name: NameId) -> impl Iterator<Item = NameId> {
        let kind = self.kind_of(name);
        (0..self.len()).filter(move |&other| self.kind_of(other) == kind)
    }

    /// Whether different names of this one's kind stand for different values: two processes cannot have one id,
    /// but two things can happen at one time.
    pub(crate) fn are_distinct(&self, name: NameId) -> bool {
        !matches!(self.kinds[self.kind_of(name)].values, Values::Time)
    }

    /// The lengths of all beginnings of `text` that this name could stand for.
    pub(crate) fn beginnings(&self, name: NameId, text: &str) -> Vec<usize> {
        match &self.kinds[self.kind_of(name)].values {
            Values::Pid => pids(text),
            Values::Time => time(text).into_iter().collect(),
            Values::Declared(values) => values
                .iter()
                .filter(|value| text.starts_with(value.as_str()))
                .map(String::len)
                .collect(),
        }
    }

    /// A kind with more names than values, or with no name at all, as a sentence.
    pub(crate) fn fault(&self) -> Option<String> {
        self.kinds.iter().enumerate().find_map(|(index, kind)| {
            let Values::Declared(values) = &kind.values else { return None };
            let names = self.names.iter().filter(|name| name.kind == index).count();
            if names == 0 {
                Some(format!("`{0}` is declared but no line has a placeholder `<{0}:…>`", kind.name))
            } else if names > values.len() {
                Some(format!(
                    "`{}` has {} values for {names} names, but different names have different values",
                    kind.name,
                    values.len()
                ))
            } else {
                None
            }
        })
    }
}

/// The lengths of all beginnings of `text` that are process ids: positive, without leading zeros.
fn pids(text: &str) -> Vec<usize> {
    if text.starts_with('0') {
        return Vec::new();
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=digits).take_while(|&len| text[..len].parse::<i32>().is_ok()).collect()
}

/// The length of the time that `text` begins with.
pub(crate) fn time(text: &str) -> Option<usize> {
    const SHAPE: &str = "0000-00-00 00:00:00.000000";

    let text = text.get(..SHAPE.len())?;
    let fits =
        |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    if !text.bytes().zip(SHAPE.bytes()).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_plausible =
        (1..=days_of(month, year)).contains(&day) && hour < 24 && minute < 60 && second < 60;
    is_plausible.then_some(SHAPE.len())
}

/// How many days a month has; 0 for a month that does not exist.
fn days_of(month: u32, year: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}
