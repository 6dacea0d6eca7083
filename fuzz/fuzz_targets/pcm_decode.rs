//! See [`fuzz_cases::pcm_decode`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::pcm_decode::run(data));
