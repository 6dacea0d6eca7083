use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use serde::Deserialize;

use super::*;
use crate::{Duration, Int, Secret, Spanned, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape matters")]
struct Settings {
    name: Option<Spanned<Text<9>>>,
    #[serde(default)]
    listen: Listen,
    tls: Spanned<Vec<Spanned<Tls>>>,
    headers: BTreeMap<String, String>,
    roles: Vec<Role>,
    wait: Duration<1, 2>,
    max: Option<Int<1, 2>>,
    secret: Option<Secret>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Listen {
    public: Option<Spanned<std::net::SocketAddr>>,
    deep: Option<Deep>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only the shape matters")]
struct Deep {
    flag: bool,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only the shape matters")]
struct Tls {
    key: std::path::PathBuf,
    protocols: Vec<Deep>,
}

#[derive(Deserialize)]
enum Role {
    Edge,
}

fn check<T: DeserializeOwned>(expected: &Expect) {
    let lines = keys::<T>().into_iter().map(|key| {
        format!("{} {:?}{}\n", key.path, key.kind, if key.listed { " listed" } else { "" })
    });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn every_key_is_found_through_options_spans_lists_and_newtypes() {
    let _ = Role::Edge;
    check::<Settings>(&expect![[r#"
        name Text
        listen.public Text
        listen.deep.flag Value
        tls Tables
        tls.key Text listed
        tls.protocols Tables listed
        tls.protocols.flag Value listed
        headers Value
        roles Value
        wait Text
        max Value
        secret Text
    "#]]);
}
