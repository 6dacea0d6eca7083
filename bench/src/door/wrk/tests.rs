use super::*;

#[test]
fn figures_are_found_among_what_wrk_says() {
    let said = "Running 5s test\n  1 threads\n\nFIGURES 100000 5000000 3 1200 4500\n";
    let load = read(said).expect("figures");
    assert_eq!((load.requests, load.failed), (100_000, 3));
    assert_eq!(load.p99, Duration::from_micros(4_500));
    assert!((load.rate() - 20_000.0).abs() < 1e-6);
    assert!(read("unable to connect").is_err());
    assert!(read("FIGURES 1 2 3").is_err());
}

#[test]
fn the_cost_of_a_request_is_the_servers_time_over_all_of_them() {
    let load = Load { requests: 50_000, server: Duration::from_secs(1), ..Load::default() };
    assert_eq!(load.cost(), Duration::from_micros(20));
    assert_eq!(Load::default().cost(), Duration::ZERO);
}

#[test]
fn this_process_has_taken_something_of_a_processor_or_nothing_yet() {
    assert!(taken(std::process::id()).is_ok());
    assert!(taken(0).is_err());
}
