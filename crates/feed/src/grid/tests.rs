use media::Codec;
use proptest::prelude::*;

use super::*;

fn grid(hz: u32, samples_per_frame: u32, target_secs: u32) -> Grid {
    let timescale = Timescale::new(hz).unwrap();
    Grid::new(
        &StreamInfo { codec: Codec::Mp3, timescale, channels: 2, samples_per_frame },
        target_secs,
    )
}

#[test]
fn td_5_six_seconds_are_whole_units_where_the_rate_allows() {
    let counts = |grid: Grid| -> Vec<u64> {
        (0..3).map(|j| grid.first_index(j + 1) - grid.first_index(j)).collect()
    };
    assert_eq!(counts(grid(48_000, 1152, 6)), [250, 250, 250]);
    assert_eq!(counts(grid(48_000, 1024, 6)), [282, 281, 281]);
    assert_eq!(counts(grid(44_100, 1024, 6)), [259, 258, 259]);
    assert_eq!(counts(grid(44_100, 1152, 6)), [230, 230, 230]);
}

proptest! {
    #[test]
    fn a_unit_lies_between_its_segments_bounds(
        index in 0..1_u64 << 40, hz in 7_350..=96_000_u32, target in 1..=10_u32,
        spf in prop_oneof![Just(576_u32), Just(1024), Just(1152)],
    ) {
        let grid = grid(hz, spf, target);
        let segment = grid.segment_of(index);
        prop_assert!(grid.first_index(segment) <= index);
        prop_assert!(index < grid.first_index(segment + 1));
    }

    #[test]
    fn td_1_no_segment_rounds_above_the_target(
        segment in 0..1_u64 << 30, hz in 7_350..=96_000_u32, target in 1..=10_u32,
        spf in prop_oneof![Just(576_u32), Just(1024), Just(1152)],
    ) {
        let grid = grid(hz, spf, target);
        let units = grid.first_index(segment + 1) - grid.first_index(segment);
        let micros = grid.length(units).micros(grid.timescale());
        prop_assert!((micros + 500_000) / 1_000_000 <= u64::from(target));
    }
}

#[test]
fn pa_7_he_aac_is_counted_in_core_samples() {
    // 1,024 samples at the core's 22,050 Hz last as long as the 2,048 that are heard.
    let core = grid(22_050, 1024, 6);
    assert_eq!(core.length(1).micros(core.timescale()), 46_440);
    assert_eq!(core.first_index(1), 130, "the first frame at or after 6 s");
}
