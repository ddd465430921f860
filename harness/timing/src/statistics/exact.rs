//! What is found without a clock: how many instructions calls take, and where a secret decides which ones.
//!
//! The types to know are [`Instructions`] and [`Taint`]. Both are exact: the same program gives the same numbers. This module
//! must not know how instructions are counted or a secret is followed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::VerdictKind;

/// The name of the format of counted instructions.
pub const INSTRUCTIONS_SCHEMA: &str = "countersign.instructions/1";
/// The name of the format of a followed secret.
pub const TAINT_SCHEMA: &str = "countersign.taint/1";

/// Instructions of all calls with a tag that is wrong in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Count {
    /// The position of the wrong character, from 0; none if every character is wrong.
    #[serde(rename = "place")]
    pub position: Option<u16>,
    /// Instructions of all calls.
    pub instructions: i64,
    /// The same with another wrong character of the same kind, for some positions: that difference has nothing to do with the position.
    pub other: Option<i64>,
}

/// How many instructions a verifier takes, by where the tag is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Instructions {
    /// The name of this format.
    pub schema: &'static str,
    /// What was counted.
    pub target: String,
    /// The verdict.
    pub verdict: VerdictKind,
    /// Why.
    pub reason: String,
    /// Calls to which each count belongs.
    pub calls: u32,
    /// The counts, in the order of positions; every character wrong comes last.
    pub counts: Vec<Count>,
    /// Instructions of a call for each character that is right, from the first position to the last.
    pub per_character: f64,
    /// The first position whose count differs from that of position 0.
    pub from: Option<u16>,
    /// By how much all calls together differed when the same was counted again.
    pub noise: u64,
    /// What is known of the machine and the run.
    pub facts: BTreeMap<String, String>,
}

impl Instructions {
    /// What follows from counts, of which some were taken again: the index in `counts`, and the second count of its first tag.
    pub fn new(
        target: impl Into<String>,
        calls: u32,
        counts: Vec<Count>,
        again: &[(usize, i64)],
        facts: BTreeMap<String, String>,
    ) -> Self {
        let noise = again.iter().map(|&(at, second)| counts[at].instructions.abs_diff(second)).max();
        let noise = noise.unwrap_or_default();
        let content = counts.iter().filter_map(|count| Some(count.instructions.abs_diff(count.other?))).max();
        let content = content.unwrap_or_default();
        let positions: Vec<(u16, i64)> =
            counts.iter().filter_map(|count| Some((count.position?, count.instructions))).collect();
        let (first, last) = (positions.first().copied(), positions.last().copied());
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let differs = |instructions: i64| instructions.abs_diff(first.1) > content + 2 * noise;
        let from =
            positions.iter().find(|(_, instructions)| differs(*instructions)).map(|&(position, _)| position);
        let between = f64::from(calls) * f64::from((last.0 - first.0).max(1));
        let per_character = (last.1 - first.1) as f64 / between;
        let (verdict, reason) = judged(&counts, from, f64::from(calls), [content, noise]);
        Self {
            schema: INSTRUCTIONS_SCHEMA,
            target: target.into(),
            verdict,
            reason,
            calls,
            counts,
            per_character,
            from: from.filter(|_| verdict == VerdictKind::Leak),
            noise,
            facts,
        }
    }
}

fn judged(
    counts: &[Count],
    from: Option<u16>,
    calls: f64,
    [content, noise]: [u64; 2],
) -> (VerdictKind, String) {
    if counts.iter().any(|count| count.instructions <= 0) {
        let why = "more calls took no more instructions, so the process that verifies is not the one that was counted; name its \
                   program itself, without a launcher";
        return (VerdictKind::Inconclusive, why.to_owned());
    }
    let each = |instructions: u64| instructions as f64 / calls;
    if each(noise) >= 1.0 {
        let why = format!(
            "unsupported: the same calls took {:.2} instructions more or less when counted again; either the code is compiled while \
             it runs (node, java), or it depends on randomness or a clock. Measure its time instead",
            each(noise)
        );
        return (VerdictKind::Inconclusive, why);
    }
    let all = || counts.iter().map(|count| count.instructions);
    let spread = all().max().zip(all().min()).map_or(0, |(most, least)| most.abs_diff(least));
    if spread > content + 2 * noise {
        let more = each(spread);
        return match from {
            Some(from) => {
                let why = format!(
                    "a call takes up to {more:.2} instructions more or less depending on where the tag is wrong, from position {from} on"
                );
                (VerdictKind::Leak, why)
            }
            None => (
                VerdictKind::Leak,
                format!(
                    "a call takes {more:.2} instructions more or less depending on how many characters are wrong"
                ),
            ),
        };
    }
    if spread <= noise && content <= noise {
        return (
            VerdictKind::NoLeak,
            "a call takes as many instructions wherever the tag is wrong".to_owned(),
        );
    }
    let why = format!(
        "a call takes up to {:.2} instructions more or less depending on which wrong character is sent, so the {:.2} between positions \
         say nothing; decoding may be the reason. Try --taint, or measure time",
        each(content),
        each(spread)
    );
    (VerdictKind::Inconclusive, why)
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "instructions: {}", self.verdict)?;
        writeln!(f, "  {}", self.reason)?;
        writeln!(f, "  {:>14}  {:>16}  {:>16}", "wrong at", "instructions", "other character")?;
        let each = |all: i64| format!("{:.2}", all as f64 / f64::from(self.calls));
        for count in &self.counts {
            let position = count
                .position
                .map_or_else(|| "every position".to_owned(), |position| format!("position {position}"));
            let other = count.other.map(each).unwrap_or_default();
            writeln!(f, "  {position:>14}  {:>16}  {other:>16}", each(count.instructions))?;
        }
        writeln!(f, "  {:.3} instructions for each leading character that is right", self.per_character)
    }
}

/// What depends on a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Decides {
    /// Which way a branch goes.
    Branch,
    /// What address is read, written or jumped to.
    Address,
    /// What is handed to the system.
    Output,
}

/// A site in a program where a branch or an address depends on a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Site {
    /// What depends on the secret there.
    pub decides: Decides,
    /// The function in which that happens; `???` if its name is not known.
    pub function: String,
    /// The program or library of that function.
    pub object: String,
    /// Source file and line, or those of the nearest caller that has some: `dir/verify.c:31`.
    pub source: Option<String>,
    /// How often it was seen.
    pub times: u64,
}

/// Where the program depends on the computed tag, though that is secret until the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Taint {
    /// The name of this format.
    pub schema: &'static str,
    /// What was followed.
    pub target: String,
    /// The verdict.
    pub verdict: VerdictKind,
    /// Why.
    pub reason: String,
    /// Requests that were verified.
    pub requests: u64,
    /// How often something was marked as secret.
    pub marked: u64,
    /// How often something that depended on it was made public.
    pub published: u64,
    /// Where branches, addresses or output depend on the secret.
    pub sites: Vec<Site>,
    /// Values that were never set, and have nothing to do with what was marked.
    pub others: u64,
    /// What is known of the machine and the run.
    pub facts: BTreeMap<String, String>,
}

impl Taint {
    /// What follows from what was seen. Nothing is clean unless something secret was marked and reached a verdict.
    pub fn new(
        target: impl Into<String>,
        requests: u64,
        [marked, published]: [u64; 2],
        sites: Vec<Site>,
        others: u64,
        facts: BTreeMap<String, String>,
    ) -> Self {
        let (verdict, reason) = if marked == 0 {
            let why = "nothing was marked as secret: have the driver mark the tag that it computes (countersign_secret in C, \
                       countersign::timing::secret in Rust)";
            (VerdictKind::Inconclusive, why.to_owned())
        } else if !sites.is_empty() {
            (
                VerdictKind::Leak,
                format!("branches or addresses depend on the secret at {} sites", sites.len()),
            )
        } else if published == 0 {
            let why = "what was marked as secret reached no verdict: mark the bytes that are compared, and make the result \
                       public right after the comparison (countersign_public, countersign::timing::public)";
            (VerdictKind::Inconclusive, why.to_owned())
        } else {
            (
                VerdictKind::NoLeak,
                "no branch and no address depends on the secret before the verdict is public".to_owned(),
            )
        };
        Self {
            schema: TAINT_SCHEMA,
            target: target.into(),
            verdict,
            reason,
            requests,
            marked,
            published,
            sites,
            others,
            facts,
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.decides {
            Decides::Branch => "branch",
            Decides::Address => "address",
            Decides::Output => "output",
        };
        let source = self.source.as_deref().unwrap_or("no source line known");
        write!(f, "{source}: {what} in {} of {}, {} times", self.function, self.object, self.times)
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "secret: {}", self.verdict)?;
        writeln!(f, "  {}", self.reason)?;
        self.sites.iter().try_for_each(|site| writeln!(f, "  {site}"))?;
        writeln!(
            f,
            "  {} requests; marked {} times, made public {} times",
            self.requests, self.marked, self.published
        )?;
        match self.others {
            0 => Ok(()),
            others => writeln!(
                f,
                "  {others} branches or addresses depend on values that were never set: not the secret, but a bug"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Position, and instructions of both tags.
    fn counted(all: &[(Option<u16>, [i64; 2])], again: i64) -> Instructions {
        let counts = all.iter().map(|&(position, [instructions, other])| Count {
            position,
            instructions,
            other: Some(other),
        });
        let counts = counts.collect();
        Instructions::new("test", 100, counts, &[(0, again)], BTreeMap::new())
    }

    #[test]
    fn counts_that_grow_with_the_position_are_a_leak_from_that_position_on() {
        let found = counted(
            &[(Some(0), [5000; 2]), (Some(1), [5000; 2]), (Some(4), [7400; 2]), (None, [5000; 2])],
            5000,
        );
        assert_eq!((found.verdict, found.from), (VerdictKind::Leak, Some(4)), "{found}");
        assert!((found.per_character - 6.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn one_instruction_in_all_calls_together_is_told_from_none() {
        let same = [(Some(0), [5000; 2]), (Some(1), [5000; 2]), (None, [5000; 2])];
        assert_eq!(counted(&same, 5000).verdict, VerdictKind::NoLeak);
        let one = [(Some(0), [5000; 2]), (Some(1), [5001; 2]), (None, [5000; 2])];
        assert_eq!(counted(&one, 5000).verdict, VerdictKind::Leak);
    }

    #[test]
    fn a_count_of_wrong_characters_is_a_leak_too() {
        let found = counted(&[(Some(0), [5000; 2]), (Some(9), [5000; 2]), (None, [5900; 2])], 5000);
        assert_eq!((found.verdict, found.from), (VerdictKind::Leak, None), "{found}");
        assert!(found.reason.contains("how many"), "{found}");
    }

    #[test]
    fn what_depends_on_the_character_or_on_chance_or_is_not_counted_says_nothing() {
        let content = [(Some(0), [5000, 5200]), (Some(9), [5200, 5000])];
        assert_eq!(counted(&content, 5000).verdict, VerdictKind::Inconclusive);
        let noisy = [(Some(0), [5000; 2]), (Some(9), [9000; 2])];
        let found = counted(&noisy, 5100);
        assert!(
            found.verdict == VerdictKind::Inconclusive && found.reason.starts_with("unsupported"),
            "{found}"
        );
        assert_eq!(counted(&[(Some(0), [0; 2]), (Some(9), [0; 2])], 0).verdict, VerdictKind::Inconclusive);
    }

    #[test]
    fn a_secret_is_clean_only_if_it_was_marked_and_reached_a_verdict() {
        let taint = |marks, sites| Taint::new("test", 4, marks, sites, 0, BTreeMap::new()).verdict;
        assert_eq!(taint([0, 0], vec![]), VerdictKind::Inconclusive);
        assert_eq!(taint([4, 0], vec![]), VerdictKind::Inconclusive);
        assert_eq!(taint([4, 4], vec![]), VerdictKind::NoLeak);
        let site = Site {
            decides: Decides::Branch,
            function: "verify".to_owned(),
            object: "x.so".to_owned(),
            source: None,
            times: 1,
        };
        assert_eq!(taint([4, 4], vec![site]), VerdictKind::Leak);
    }
}
