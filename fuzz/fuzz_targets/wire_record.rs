//! See [`fuzz_cases::wire_record`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::wire_record::run(data));
