use super::*;

/// BS.1770-4 annex 1, tables 1 and 2.
#[test]
fn the_filters_at_48_khz_are_the_standard_s() {
    let shelf = shelf(48_000.0);
    let ahead = [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85];
    let back = [-1.690_659_293_182_41, 0.732_480_774_215_85];
    let high_pass = high_pass(48_000.0);
    let back_2 = [-1.990_047_454_833_98, 0.990_072_250_366_21];
    let pairs = [
        (&shelf.ahead[..], &ahead[..]),
        (&shelf.back, &back),
        (&high_pass.ahead, &[1.0, -2.0, 1.0]),
        (&high_pass.back, &back_2),
    ];
    for (own, standard) in pairs {
        for (own, standard) in own.iter().zip(standard) {
            assert!((own - standard).abs() < 1e-9, "{own}, not {standard}");
        }
    }
}
