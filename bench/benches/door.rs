//! What a listener's admission costs at each reload of its playlist: its country, its
//! token, the decision; and what a protected segment's pass costs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use catalogue::{Countries, Country, Geo};
use divan::{Bencher, black_box};
use fastrand::Rng;
use geo::Database;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use media::{SessionId, WallTime};
use mmdb_writer::Writer;
use policy::{Block, Caller, Room, Rules, SegmentPass, SessionKeys, SessionToken};
use serde_json::{Value, json};
use settings::Secret;

/// The egress of all of it.
const EGRESS: &str = "acme-radio";

/// Networks in the database, of IPv4 and of IPv6 each. Its tree is some twenty steps
/// deep, as that of a database of the whole world is.
const NETWORKS: usize = 65_536;

/// Different listeners, who come in turn.
const LISTENERS: usize = 1_024;

const NOW: WallTime = WallTime::from_nanos(1_764_000_000_500_000_000);

fn main() {
    divan::main();
}

/// What a node has at hand, and who comes to it.
struct Door {
    keys: SessionKeys,
    database: Database,
    geo: Geo,
    listeners: Vec<Listener>,
}

#[derive(Clone, Copy)]
struct Listener {
    address: IpAddr,
    country: Country,
}

impl Door {
    fn new() -> Self {
        let mut rng = Rng::with_seed(1);
        let secrets = ["newer", "older"].map(|text| Secret::new(text).expect("it is one"));
        let keys = SessionKeys::new(&secrets).expect("there are two");
        let licensed: Vec<Country> = Country::all().filter(|_| rng.u8(..5) > 0).collect();
        let (database, networks) = database(&mut rng);
        let known = networks.into_iter().filter_map(|network| {
            let country = database.country(network.network())?;
            let is_licensed = licensed.contains(&country);
            is_licensed.then(|| Listener { address: within(network), country })
        });
        let mut known: Vec<_> = known.collect();
        rng.shuffle(&mut known);
        known.truncate(LISTENERS);
        let countries = Countries::NoneExcept(licensed);
        let exempt = ["10.0.0.0/8", "fd00::/8"].map(|one| one.parse().expect("it is one"));
        let geo = Geo { countries, unknown_country: false, exempt: exempt.into_iter().collect() };
        Self { keys, database, geo, listeners: known }
    }

    /// Who comes next, again and again.
    fn queue<T: Clone>(of: Vec<T>) -> impl FnMut() -> T {
        let mut queue = of.into_iter().cycle();
        move || queue.next().expect("somebody comes")
    }

    fn tokens(&self) -> Vec<SessionToken> {
        let token = |(nth, listener): (u128, &Listener)| {
            let id = SessionId::new((nth << 64 | 0x5EED).to_be_bytes());
            let limit = Some(Duration::from_hours(4));
            SessionToken::new(id, EGRESS, NOW, limit, Some(listener.country))
        };
        (0..).zip(&self.listeners).map(token).collect()
    }

    fn who(&self, address: IpAddr) -> Caller {
        Caller { address, country: self.database.country(address) }
    }

    /// What a reload with a token is decided by, as the door of `delivery` does it.
    fn admit_again(&self, address: IpAddr, text: &str) -> Result<SessionToken, Block> {
        let caller = self.who(address);
        let token = self.keys.verify(text, EGRESS).expect("it is signed here");
        policy::decide_again(&caller, token.country, Some(&self.geo)).map(|()| token)
    }

    /// What the beginning of a session is decided by, and its token.
    fn admit(&self, address: IpAddr) -> Result<String, Block> {
        let caller = self.who(address);
        let room = Room { taken: 1_000, max: Some(20_000) };
        let rules = Rules { geo: Some(&self.geo), egress: room, node: room, address: room };
        policy::decide(&caller, rules)?;
        let (id, limit) = (SessionId::new([7; 16]), Some(Duration::from_hours(4)));
        let stamped = policy::stamp(&caller, Some(&self.geo));
        Ok(self.keys.sign(&SessionToken::new(id, EGRESS, NOW, limit, stamped)))
    }
}

/// A database with MaxMind's records, names and all, and the networks in it.
fn database(rng: &mut Rng) -> (Database, Vec<IpNet>) {
    let countries: Vec<_> = Country::all().collect();
    let mut writer = Writer::new("Bench-Country");
    let mut networks = Vec::new();
    for _ in 0..NETWORKS {
        let first = Ipv4Addr::from_bits(rng.u32(0x0100_0000..0xDF00_0000));
        let second = Ipv6Addr::from_bits(0x2 << 124 | rng.u128(..1 << 124));
        let pair = [
            IpNet::from(Ipv4Net::new(first, 20).expect("20 is at most 32").trunc()),
            IpNet::from(Ipv6Net::new(second, 36).expect("36 is at most 128").trunc()),
        ];
        for network in pair {
            let country = rng.choice(&countries).expect("there are countries");
            // Some networks are reserved for something else than countries.
            if writer.insert(network, &record(country.as_str())).is_ok() {
                networks.push(network);
            }
        }
    }
    let bytes = writer.to_bytes().expect("it can be written");
    (Database::from_bytes(bytes).expect("it has countries"), networks)
}

fn record(code: &str) -> Value {
    let languages = ["de", "en", "es", "fr", "ja", "pt-BR", "ru", "zh-CN"];
    let names: Value = languages.map(|one| (one.to_owned(), json!(code))).into_iter().collect();
    let country = json!({ "geoname_id": 2_921_044, "iso_code": code, "names": names });
    json!({
        "continent": { "code": "EU", "geoname_id": 6_255_148, "names": names },
        "country": country,
        "registered_country": country,
    })
}

/// An address somewhere within a network.
fn within(network: IpNet) -> IpAddr {
    match network {
        IpNet::V4(network) => Ipv4Addr::from_bits(network.addr().to_bits() | 0x123).into(),
        IpNet::V6(network) => Ipv6Addr::from_bits(network.addr().to_bits() | 0x123).into(),
    }
}

#[divan::bench(sample_count = 500, sample_size = 100)]
fn country(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let addresses = door.listeners.iter().map(|one| one.address).collect();
    bencher
        .with_inputs(Door::queue(addresses))
        .bench_local_values(|address| door.database.country(black_box(address)));
}

#[divan::bench(sample_count = 500, sample_size = 100)]
fn token_signed(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    bencher
        .with_inputs(Door::queue(door.tokens()))
        .bench_local_refs(|token| door.keys.sign(black_box(token)));
}

#[divan::bench(sample_count = 500, sample_size = 100)]
fn token_verified(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let texts = door.tokens().iter().map(|token| door.keys.sign(token)).collect();
    bencher
        .with_inputs(Door::queue(texts))
        .bench_local_refs(|text| door.keys.verify(black_box(text), EGRESS));
}

/// What the goal is for: a country, a token, the decision.
#[divan::bench(sample_count = 500, sample_size = 100)]
fn token_and_admission(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let texts = door.tokens();
    let texts = texts.iter().map(|token| door.keys.sign(token));
    let arrivals = door.listeners.iter().map(|one| one.address).zip(texts).collect();
    bencher
        .with_inputs(Door::queue(arrivals))
        .bench_local_refs(|(address, text)| door.admit_again(*address, black_box(text)));
}

/// The same where a session begins: a country, the decision, a new token.
#[divan::bench(sample_count = 500, sample_size = 100)]
fn admission_and_new_token(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let addresses = door.listeners.iter().map(|one| one.address).collect();
    bencher
        .with_inputs(Door::queue(addresses))
        .bench_local_values(|address| door.admit(black_box(address)));
}

#[divan::bench(sample_count = 500, sample_size = 100)]
fn pass_signed(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let passes = door.listeners.iter().map(|one| SegmentPass::new(NOW, Some(one.country)));
    bencher
        .with_inputs(Door::queue(passes.collect()))
        .bench_local_values(|pass| black_box(pass).sign(&door.keys, EGRESS));
}

#[divan::bench(sample_count = 500, sample_size = 100)]
fn pass_verified(bencher: Bencher<'_, '_>) {
    let door = Door::new();
    let passes = door.listeners.iter().map(|one| SegmentPass::new(NOW, Some(one.country)));
    let texts = passes.map(|pass| pass.sign(&door.keys, EGRESS)).collect();
    bencher
        .with_inputs(Door::queue(texts))
        .bench_local_refs(|text| SegmentPass::verify(black_box(text), &door.keys, EGRESS));
}
