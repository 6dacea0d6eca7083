//! See [`fuzz_cases::framer`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::framer::run(data));
