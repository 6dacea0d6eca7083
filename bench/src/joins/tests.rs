use super::*;

#[test]
fn a_join_that_is_wrong_is_found() {
    let sent: Vec<f32> =
        (0..200_000_u32).map(|nth| f32::from(u16::try_from(nth % 100).unwrap()) / 400.0).collect();
    let mut made = sent.clone();
    let boundaries = [50_000, 100_000, 150_000];
    assert_eq!(clicks(&sent, &made, &boundaries), 0);
    made[100_000] += 0.1;
    assert_eq!(clicks(&sent, &made, &boundaries), 1);
    assert!(energy(&sent, &made, 100_000) > 0.009 && energy(&sent, &made, 50_000) < 1e-9);
}

#[test]
fn a_piece_that_is_late_is_found() {
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<f32> = std::iter::repeat_with(|| random.f32() - 0.5).take(5_000).collect();
    let piece = |from: usize| noise[from..from + PIECE + 16].to_vec();
    assert_eq!(lag(&piece(100), &piece(100)), 0);
    assert_eq!(lag(&piece(100), &piece(97)), 3);
}

#[test]
fn joins_of_a_short_programme_are_measured() {
    let found =
        joins(&Encoding::stereo(EncodingCodec::Aac, 96, 44_100), Signal::Tones, 14).unwrap();
    assert_eq!((found.count, found.clicks), (2, 0));
    assert!(found.worst_db.is_finite());
}

#[test]
fn clicks_of_a_short_programme_are_found() {
    let table = places(8).unwrap();
    assert_eq!(table.lines().count(), 2 + RENDITIONS.len(), "{table}");
    assert!(table.contains("| aac 128 | 4 | +0 | +0 | 4 | 4 |"), "{table}");
}
