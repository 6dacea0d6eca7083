use super::*;

fn filled(seed: u64, pieces: &[usize]) -> Vec<i16> {
    let mut bursts = Bursts::new(seed, 44_100, 2);
    let mut pcm = Vec::new();
    for piece in pieces {
        let mut part = vec![0; *piece];
        bursts.fill(&mut part);
        pcm.extend(part);
    }
    pcm
}

#[test]
fn any_chunking_gives_the_same_sound() {
    assert_eq!(filled(1, &[88_200]), filled(1, &[2, 88_000, 198]));
}

#[test]
fn another_seed_gives_another_sound() {
    assert_ne!(filled(1, &[88_200]), filled(2, &[88_200]));
}

#[test]
fn it_is_heard_and_no_louder_than_documented() {
    let pcm = filled(1, &[882_000]);
    let peak = pcm.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((6_000..=13_107).contains(&peak), "{peak}");
    let longest = pcm.split(|sample| sample.unsigned_abs() > 300).map(<[i16]>::len).max().unwrap();
    assert!(longest < 44_100 * 2, "{longest}");
}
