#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::print_stdout, clippy::disallowed_methods)]
use demo::{Programme, Source, Encoding, fixtures, tones::TimeCode};
use media::AacProfile;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let mut p = Programme::new(7);
    let mut pcm = vec![0i16; 44100 * 2 * 20];
    let mut all = Vec::new();
    let t = std::time::Instant::now();
    for i in 0..8 {
        p.fill(&mut pcm);
        let b: Vec<u8> = pcm.iter().flat_map(|s| s.to_le_bytes()).collect();
        std::fs::write(format!("{dir}/p{i}.raw"), &b).unwrap();
        all.extend(b);
    }
    println!("cost {} % of a core", t.elapsed().as_secs_f64() / 160.0 * 100.0);
    std::fs::write(format!("{dir}/all.raw"), &all).unwrap();
    let w = |n: &str, f: Vec<bytes::Bytes>| { println!("{n} {} frames", f.len()); std::fs::write(format!("{dir}/{n}"), f.concat()).unwrap() };
    w("tc.mp3", fixtures::mp3(10, 128, 44100, 2));
    w("lc.aac", fixtures::aac(AacProfile::Lc, 10, 128, 44100, 2));
    w("he1.aac", fixtures::aac(AacProfile::HeV1, 10, 64, 44100, 2));
    w("he2.aac", fixtures::aac(AacProfile::HeV2, 10, 32, 44100, 2));
    w("m.mp3", fixtures::mp3(10, 64, 22050, 1));
    w("prog.mp3", fixtures::frames(Encoding::Mp3{kbps:128}, &mut Programme::new(7), 60));
    w("prog.aac", fixtures::frames(Encoding::Aac{profile: AacProfile::HeV2, kbps:32}, &mut Programme::new(7), 60));
    let _ = TimeCode::new(1,1);
}
