#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| charla_fuzz::lines::run(data));
