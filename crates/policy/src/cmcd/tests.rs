use super::*;

#[test]
fn a_session_id_is_found_among_keys_and_in_no_text_of_others() {
    let check = |payload: &str, wanted: Option<&str>| {
        assert_eq!(session_id(payload), wanted, "{payload}");
    };
    check("sid=\"a\"", Some("a"));
    check("cid=\"x\",mtp=500,sid=\"a\",v=1", Some("a"));
    check("cid=\"x,sid=\\\"b\\\",\", sid=\"a\"", Some("a"));
    check("cid=\"x,sid=\"", None);
    check("nosid=\"a\"", None);
    check("sid=\"a", None);
    check("sid=\"\"", None);
    check("", None);
    check(&format!("sid=\"{}\"", "a".repeat(ID_LEN_MAX)), Some(&"a".repeat(ID_LEN_MAX)));
    check(&format!("sid=\"{}\"", "a".repeat(ID_LEN_MAX + 1)), None);
}

#[test]
fn an_endless_payload_is_not_looked_at() {
    let payload = |len: usize| {
        let sid = "sid=\"a\"";
        format!("x={},{sid}", "y".repeat(len - 3 - sid.len()))
    };
    assert_eq!(session_id(&payload(CMCD_LEN_MAX)), Some("a"));
    assert_eq!(session_id(&payload(CMCD_LEN_MAX + 1)), None);
}
