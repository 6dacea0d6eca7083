use super::*;

#[test]
fn commented_out_keys_come_into_force_and_comments_stay() {
    let got = uncommented("# a comment\n#key = 1\n#[table]\nother = 2 #x\n#\n");
    assert_eq!(got, "# a comment\nkey = 1\n[table]\nother = 2 #x\n#\n");
}

#[test]
fn keys_are_found_in_tables_and_in_lists_of_them() {
    let text = "a = 1\n[b]\nc = { d = 2 }\n[[e]]\nf = [{ g = 3 }, { h = 4 }]\n";
    let got: Vec<String> = keys_in_sample(text).unwrap().into_iter().collect();
    assert_eq!(got, ["a", "b", "b.c", "b.c.d", "e", "e.f", "e.f.g", "e.f.h"]);
    assert!(keys_in_sample("a = ").is_err());
}

#[test]
fn keys_are_found_in_the_first_cells_of_rows() {
    let got =
        keys_in_reference("# T\n| key | is |\n| --- | --- |\n| `a.b` | x `c` |\ntext `d` |\n");
    assert_eq!(got.into_iter().collect::<Vec<_>>(), ["a.b"]);
}
