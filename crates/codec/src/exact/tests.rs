use super::*;

#[test]
fn the_sine_is_the_library_s() {
    for n in -4_000..4_000 {
        let x = f64::from(n) / 100.0 + 0.001;
        let far = (sine(x) - (PI * x).sin()).abs();
        // The library is asked for pi x, which is rounded.
        assert!(far < 1e-13, "{x}: {far}");
    }
    assert_eq!((sine(0.0), sine(-7.0), sine(7.0)), (0.0, 0.0, 0.0));
}

#[test]
fn the_bessel_function_is_that_of_the_tables() {
    // Abramowitz and Stegun, table 9.8.
    for (x, expected) in [(0.0, 1.0), (1.0, 1.266_065_877_8), (10.0, 2_815.716_628_466_3)] {
        let far = (bessel(x) / expected - 1.0).abs();
        assert!(far < 1e-10, "{x}: {far}");
    }
}

#[test]
fn the_tangent_is_the_library_s() {
    for n in 1..490 {
        let x = f64::from(n) / 1_000.0;
        let far = (tangent(x) / (PI * x).tan() - 1.0).abs();
        assert!(far < 1e-13, "{x}: {far}");
    }
}

#[test]
fn tenths_of_decibels_are_powers_of_ten() {
    for tenths in [-900, -200, -1, 0, 1, 120] {
        let expected = 10.0_f64.powf(f64::from(tenths) / 200.0);
        let far = (tenths_of_decibels(tenths) / expected - 1.0).abs();
        assert!(far < 1e-12, "{tenths}: {far}");
    }
}
