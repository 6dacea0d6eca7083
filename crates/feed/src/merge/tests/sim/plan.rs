//! Schedules: what happens to the paths, drawn from a seed.

use std::fmt;
use std::ops::Range;

use fastrand::Rng;

use super::source::{Form, Kind, Section, Source, index};

pub(super) const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000 * MS;

/// Audio that was sent before anything is connected: what bursts are made of.
pub(super) const BEFORE: u64 = 60 * SECOND;

/// Units in a row that nothing is like, which two paths both deliver before one may
/// leave it to the other.
const PROOF: usize = 16;

/// What a schedule is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Within the premise, the paths closer together than `hold_back`.
    Near,
    /// Within the premise, the paths up to 27 s apart.
    Far,
    /// Without it.
    Wild,
}

/// A schedule. Times are nanoseconds since the encoder's first unit.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) family: Family,
    pub(super) seed: u64,
    pub(super) kind: Kind,
    pub(super) source: Source,
    pub(super) hold_back: u64,
    /// The first unit that is counted on.
    begun: u64,
    pub(super) paths: Vec<Carrier>,
    pub(super) end: u64,
}

/// A path: how late it is, and when it is connected.
#[derive(Clone, Default)]
pub(super) struct Carrier {
    pub(super) base: u64,
    pub(super) jitter: u64,
    pub(super) links: Vec<Link>,
    /// What would have come within is held until the end of it.
    pub(super) stalls: Vec<(u64, u64)>,
    /// Whether it tells titles, and how it spells them.
    pub(super) tells: Option<&'static str>,
}

/// A connection.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) from: u64,
    pub(super) to: u64,
    /// What it brings at once of what was sent before.
    pub(super) burst: u64,
    /// Whether it is said when it ends.
    pub(super) is_told: bool,
    /// The first of the units that are left out, and how many.
    pub(super) drop: Option<(u64, u64)>,
    /// From when on its units are counted on, and until when.
    pub(super) duty: Option<(u64, u64)>,
}

/// What comes to the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Connected,
    Title(usize),
    Unit(u64),
    Gone,
}

impl Plan {
    pub(super) fn draw(family: Family, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let form = Form::draw(&mut rng);
        let kind = *rng.choice(&[Kind::Music, Kind::Silence, Kind::Jingles, Kind::All]).unwrap();
        let length = match family {
            Family::Near | Family::Wild => rng.u64(20..90),
            Family::Far => rng.u64(60..150),
        };
        let end = BEFORE + length * SECOND;
        let source = Source::draw(&mut rng, form, kind, end + 180 * SECOND);
        let mut plan =
            Self { family, seed, kind, source, hold_back: 0, begun: 0, paths: Vec::new(), end };
        plan.draw_paths(&mut rng);
        if family == Family::Wild {
            for nth in 0..plan.paths.len() {
                plan.fill(&mut rng, nth, BEFORE, end);
            }
        } else {
            plan.draw_duties(&mut rng);
        }
        plan.draw_long_stalls(&mut rng);
        plan.draw_drops(&mut rng);
        plan
    }

    fn draw_paths(&mut self, rng: &mut Rng) {
        let count = rng.usize(2..=4);
        let jitter = rng.u64(0..=400) * MS;
        let stall = if rng.bool() { rng.u64(0..=1_500) * MS } else { 0 };
        let spread = if self.family == Family::Near {
            self.hold_back = *rng.choice(&[3, 3, 6, 10]).unwrap() * SECOND;
            rng.u64(0..=self.hold_back - jitter - stall - 500 * MS)
        } else {
            self.hold_back = *rng.choice(&[0, 500, 3_000]).unwrap() * MS;
            rng.u64(0..=27_000) * MS
        };
        for _ in 0..count {
            let base = rng.u64(0..=spread);
            let tells = [Some(""), Some("'"), None][rng.usize(..3)];
            let jitter = if rng.bool() { jitter } else { jitter / 10 };
            let mut path = Carrier { base, jitter, tells, ..Carrier::default() };
            let mut at = BEFORE;
            while stall > 0 && at < self.end {
                at += rng.u64(2..20) * SECOND;
                let len = rng.u64(0..=stall);
                path.stalls.push((at, at + len));
                at += len + SECOND;
            }
            self.paths.push(path);
        }
    }

    /// Who is counted on, one after the other; what else the paths do does not matter.
    fn draw_duties(&mut self, rng: &mut Rng) {
        let mut on_duty = rng.usize(..self.paths.len());
        let mut link = self.connect(rng, on_duty, BEFORE);
        let from = link.from;
        self.begun = self.first(on_duty, &link);
        let mut since = from;
        self.end = self.end.max(since + 20 * SECOND);
        // Until when each path's time is filled.
        let mut filled = vec![since + 2 * SECOND; self.paths.len()];
        let stays = rng.u8(..4) == 0;
        loop {
            let wanted = since + rng.u64(5..30) * SECOND;
            let next = (on_duty + rng.usize(1..self.paths.len())) % self.paths.len();
            let lead = rng.u64(0..=15_000) * MS;
            let from = wanted.saturating_sub(lead).max(filled[next]).max(since);
            let next_link = self.connect(rng, next, from);
            let from = next_link.from;
            let proven = self.proven((on_duty, link), (next, next_link));
            let until = proven.map(|proven| wanted.max(proven + 500 * MS));
            let Some(until) = until.filter(|until| !stays && *until < self.end) else {
                link.to = self.end;
                link.duty = Some((since, self.end));
                self.paths[on_duty].links.push(link);
                filled[on_duty] = self.end;
                break;
            };
            link.to = until + if rng.bool() { 0 } else { rng.u64(..5_000) * MS };
            link.to = link.to.min(self.end);
            (link.duty, link.is_told) = (Some((since, until)), rng.u8(..4) > 0);
            self.paths[on_duty].links.push(link);
            self.fill(rng, next, filled[next], from.saturating_sub(100 * MS));
            filled[on_duty] = link.to + rng.u64(..2_000) * MS;
            (on_duty, link, since) = (next, next_link, until);
        }
        for (nth, since) in filled.into_iter().enumerate() {
            self.fill(rng, nth, since, self.end);
        }
    }

    /// When both paths have brought what proves their places to each other.
    fn proven(&self, (one, link): (usize, Link), (other, next): (usize, Link)) -> Option<u64> {
        let link = Link { to: self.end, ..link };
        let seen = self.deliveries(one, &link);
        let first = seen.first()?.0;
        let mut run = 0;
        for (unit, at) in self.deliveries(other, &next) {
            let same = unit.checked_sub(first).and_then(|nth| seen.get(index(nth)));
            match same.filter(|_| unit >= self.begun && self.source.is_unique(unit)) {
                Some(_) => run += 1,
                None => run = 0,
            }
            if run >= PROOF {
                return same.map(|(_, seen)| at.max(*seen));
            }
        }
        None
    }

    /// Connections of any kind within a time.
    fn fill(&mut self, rng: &mut Rng, nth: usize, from: u64, to: u64) {
        let mut at = from;
        let quiet = rng.u8(..4) == 0;
        loop {
            at += match rng.u8(..4) {
                0 => rng.u64(..300),
                1 => rng.u64(..30_000),
                _ => rng.u64(..8_000),
            } * MS;
            let len = match rng.u8(..4) {
                0 => rng.u64(50..3_000),
                1 => rng.u64(1_000..60_000),
                _ => rng.u64(1_000..15_000),
            } * MS;
            let end = (at + len).min(to);
            if quiet || at + 50 * MS >= end {
                return;
            }
            let link = self.connect(rng, nth, at);
            if link.from >= end {
                return;
            }
            self.paths[nth].links.push(Link { to: end, is_told: rng.u8(..5) > 0, ..link });
            at = end;
        }
    }

    /// A connection from about that time on. Within the premise its burst reaches back
    /// no further than the line does, and its first unit is none that is played again.
    fn connect(&self, rng: &mut Rng, nth: usize, from: u64) -> Link {
        let (form, base) = (self.source.form, self.paths[nth].base);
        let mut burst = draw_burst(rng);
        if self.family != Family::Wild && self.begun > 0 {
            burst = burst.min(from.saturating_sub(base + form.start(self.begun)));
        }
        let mut link = Link { from, to: self.end, burst, is_told: true, drop: None, duty: None };
        let first = |link: &Link| self.first(nth, link).min(self.source.len() - 5);
        let repeats = |first: u64| (first..first + 5).any(|unit| self.source.is_repeat(unit));
        while self.family != Family::Wild && repeats(first(&link)) {
            link.from += 200 * MS;
        }
        link
    }

    /// The first unit that a connection brings.
    fn first(&self, nth: usize, link: &Link) -> u64 {
        let form = self.source.form;
        let live = form.unit_at(link.from.saturating_sub(self.paths[nth].base));
        live.saturating_sub(form.unit_at(link.burst))
    }

    /// Stalls of any length, where nobody counts on the path.
    fn draw_long_stalls(&mut self, rng: &mut Rng) {
        let end = self.end;
        for path in &mut self.paths {
            let guarded: Vec<_> =
                path.links.iter().filter(|link| link.duty.is_some()).copied().collect();
            let mut at = BEFORE;
            while rng.u8(..3) > 0 && at < end {
                at += rng.u64(..20_000) * MS;
                let till = at + rng.u64(..5_000) * MS;
                if guarded.iter().all(|link| till < link.from || link.to < at) {
                    path.stalls.push((at, till));
                }
                at = till;
            }
            path.stalls.sort_unstable();
        }
    }

    /// Units that are lost without a sign, where another path has them in time, and
    /// where what follows tells what was lost.
    fn draw_drops(&mut self, rng: &mut Rng) {
        if self.family == Family::Far {
            return;
        }
        let most = self.paths.iter().map(Carrier::slowest).max().unwrap_or_default();
        let least = self.paths.iter().map(|path| path.base).min().unwrap_or_default();
        let slack = self.hold_back.saturating_sub(most - least + 500 * MS);
        let room = self.source.form.unit_at(slack).saturating_sub(PROOF as u64 + 8).min(40);
        let room = if self.family == Family::Wild { 40 } else { room };
        for nth in 0..self.paths.len() {
            for number in 0..self.paths[nth].links.len() {
                let link = self.paths[nth].links[number];
                if room == 0 || link.duty.is_some() || rng.bool() {
                    continue;
                }
                let units = self.deliveries(nth, &link);
                let Some((unit, _)) = units.get(rng.usize(..units.len().max(1))) else { continue };
                let (first, len) = (*unit, rng.u64(1..=room));
                let follows = first + len..first + len + PROOF as u64;
                let is_seen = self.source.form.start(follows.end) + most < self.end;
                let is_known = follows.clone().all(|unit| self.source.is_unique(unit));
                let around = first.saturating_sub(PROOF as u64)..follows.end;
                if self.family == Family::Wild
                    || is_seen && is_known && self.is_undisturbed(&around)
                {
                    self.paths[nth].links[number].drop = Some((first, len));
                }
            }
        }
    }

    /// Whether no path is connected in the midst of these units to be counted on, and
    /// none has left one of them out.
    fn is_undisturbed(&self, units: &Range<u64>) -> bool {
        (0..self.paths.len()).all(|nth| {
            self.paths[nth].links.iter().all(|link| {
                let begins = link.duty.is_some() && units.contains(&self.first(nth, link));
                let drops = |(first, len)| first < units.end && units.start < first + len;
                !begins && !link.drop.is_some_and(drops)
            })
        })
    }

    /// The units that a connection brings, and when.
    pub(super) fn deliveries(&self, nth: usize, link: &Link) -> Vec<(u64, u64)> {
        let form = self.source.form;
        let path = &self.paths[nth];
        let live = form.unit_at(link.from.saturating_sub(path.base));
        let first = live.saturating_sub(form.unit_at(link.burst));
        let (mut units, mut last) = (Vec::new(), link.from);
        for unit in first..self.source.len() {
            let mut at = if unit < live {
                link.from + (unit - first) * MS / 10
            } else {
                form.start(unit) + path.base + self.jitter(nth, unit)
            };
            for (from, to) in &path.stalls {
                if (*from..*to).contains(&at) {
                    at = *to;
                }
            }
            last = last.max(at);
            if last >= link.to {
                break;
            }
            if link.drop.is_none_or(|(from, len)| !(from..from + len).contains(&unit)) {
                units.push((unit, last));
            }
        }
        units
    }

    fn jitter(&self, nth: usize, unit: u64) -> u64 {
        let most = self.paths[nth].jitter;
        if most == 0 {
            return 0;
        }
        let mixed = (self.seed ^ (unit << 3) ^ nth as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) % most
    }

    /// All that comes to the merge, in order.
    pub(super) fn arrivals(&self) -> Vec<(u64, u8, What)> {
        let mut all = Vec::new();
        for nth in 0..self.paths.len() {
            let rank = u8::try_from(nth).unwrap();
            for link in &self.paths[nth].links {
                all.push((link.from, rank, What::Connected));
                let mut told = None;
                for (unit, at) in self.deliveries(nth, link) {
                    let title = self.source.title_of(unit);
                    if told != Some(title) && self.paths[nth].tells.is_some() {
                        told = Some(title);
                        all.push((at, rank, What::Title(title)));
                    }
                    all.push((at, rank, What::Unit(unit)));
                }
                if link.is_told && link.to < self.end {
                    all.push((link.to, rank, What::Gone));
                }
            }
        }
        all.sort_by_key(|(at, _, _)| *at);
        all
    }

    /// The first unit, and the last one that has to be heard.
    pub(super) fn counted_on(&self) -> (u64, u64) {
        let duties = self.paths.iter().enumerate().flat_map(|(nth, path)| {
            path.links.iter().filter(|link| link.duty.is_some()).map(move |link| (nth, link))
        });
        let (nth, link) = duties.max_by_key(|(_, link)| link.duty).unwrap();
        (self.begun, self.deliveries(nth, link).last().unwrap().0)
    }

    /// Whether one path is counted on from the beginning to the end.
    pub(super) fn leader(&self) -> Option<usize> {
        let whole = |link: &Link| link.duty == Some((link.from, self.end));
        self.paths.iter().position(|path| path.links.iter().any(whole))
    }

    /// How far the paths' units may be apart.
    pub(super) fn spread(&self) -> u64 {
        let most = self.paths.iter().map(Carrier::slowest).max().unwrap_or_default();
        most - self.paths.iter().map(|path| path.base).min().unwrap_or_default()
    }

    /// Schedules with one thing less, within the premise as this one is.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let is_plain = |one: &Section| matches!(one, Section::Music(_));
        if !self.source.sections().iter().all(is_plain) {
            all.push(Self { source: self.source.plain(), ..self.clone() });
        }
        for (nth, section) in self.source.sections().iter().enumerate() {
            if !matches!(section, Section::Music(_)) {
                all.push(Self { source: self.source.plainer(nth), ..self.clone() });
            }
        }
        for (nth, path) in self.paths.iter().enumerate() {
            let mut without = |change: &dyn Fn(&mut Carrier)| {
                let mut plan = self.clone();
                change(&mut plan.paths[nth]);
                all.push(plan);
            };
            for (link, _) in path.links.iter().enumerate().filter(|(_, link)| link.duty.is_none()) {
                without(&|path| _ = path.links.remove(link));
            }
            let bursts = path.links.iter().enumerate().filter(|(_, link)| link.duty.is_none());
            for (link, _) in bursts.filter(|(_, link)| link.burst > 0) {
                without(&|path| path.links[link].burst = 0);
            }
            (0..path.stalls.len()).for_each(|one| without(&|path| _ = path.stalls.remove(one)));
            for (link, _) in path.links.iter().enumerate().filter(|(_, link)| link.drop.is_some()) {
                without(&|path| path.links[link].drop = None);
            }
            if path.jitter > 0 {
                without(&|path| path.jitter = 0);
            }
            if path.tells.is_some() {
                without(&|path| path.tells = None);
            }
        }
        all
    }
}

impl Carrier {
    /// How late its units are at most while it is counted on.
    fn slowest(&self) -> u64 {
        let stall = self.stalls.iter().map(|(from, to)| to - from).max().unwrap_or_default();
        self.base + self.jitter + stall.min(1_500 * MS)
    }
}

fn draw_burst(rng: &mut Rng) -> u64 {
    match rng.u8(..4) {
        0 | 1 => 0,
        2 => rng.u64(..3_000) * MS,
        _ => rng.u64(..20_000) * MS,
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { family, seed, kind, .. } = self;
        let (hold_back, end) = (secs(self.hold_back), secs(self.end));
        writeln!(f, "{family:?} seed {seed} {kind:?} hold_back {hold_back} s, to {end} s")?;
        writeln!(f, "{:?}", self.source)?;
        for (nth, path) in self.paths.iter().enumerate() {
            let tells = path.tells.map_or("no titles", |_| "titles");
            let (base, jitter) = (secs(path.base), secs(path.jitter));
            writeln!(f, "path {nth}: base {base} jitter {jitter} {tells}")?;
            for link in &path.links {
                let (from, to, burst) = (secs(link.from), secs(link.to), secs(link.burst));
                let end = if link.is_told { "gone" } else { "silent" };
                let duty = link.duty.map(|(from, to)| (secs(from), secs(to)));
                let units = self.deliveries(nth, link);
                let units = (units.first().map(|one| one.0), units.last().map(|one| one.0));
                writeln!(
                    f,
                    "  {from}..{to} {end} burst {burst} drop {:?} duty {duty:?} units {units:?}",
                    link.drop
                )?;
            }
            let stalls: Vec<_> = path.stalls.iter().map(|one| (secs(one.0), secs(one.1))).collect();
            writeln!(f, "  stalls {stalls:?}")?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is for people")]
pub(super) fn secs(nanos: u64) -> f64 {
    (nanos / 1_000) as f64 / 1e6
}
