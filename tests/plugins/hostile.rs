//! Components that misbehave are refused unseen or stopped by name, and the host goes on.

use crate::build::component;
use pipewright::plugins::wasm::{Host, Limits, LoadError, Refused, examine};
use pipewright_plugin::conformance::golden;
use pipewright_plugin::{Journey, Journeys, Model, ModelError, Parameters, Value, Weights, fit};
use std::time::{Duration, Instant};

/// One journey to learn from.
struct Golden;

impl Journeys for Golden {
    fn each_batch(&self, visit: &mut dyn FnMut(&[Journey<'_>]) -> Result<(), ModelError>) -> Result<(), ModelError> {
        visit(&[golden()])
    }
}

/// What the hostile model does with two golden journeys, and how the answer holds against the contract.
fn misbehave(model: &dyn Model, way: &str) -> Result<(), String> {
    let given = vec![("way".into(), Value::Choice(way.into()))];
    let parameters = Parameters::new(&model.manifest().parameters, given).unwrap();
    let fitted = fit(model, &parameters, &Golden).map_err(|error| error.to_string())?;
    let mut out = Weights::default();
    fitted.weigh(&[golden(), golden()], &mut out).map_err(|error| error.to_string())?;
    if out.len() != 2 {
        return Err(format!("{} of 2 journeys are answered", out.len()));
    }
    (0..2).try_for_each(|index| out.check(index, 6, true)).map_err(|breach| breach.to_string())
}

#[test]
fn a_component_that_misbehaves_is_stopped_and_the_next_call_is_served() {
    let limits = Limits { fit_ms: 500, batch_ms: 500, fuel: 200_000_000, ..Limits::default() };
    let host = Host::new(limits).unwrap();
    let model = host.load(&component("tests/plugins/components", "hostile")).unwrap();
    let cases = [
        ("loop", "used up 200000000 units of fuel"),
        ("bomb", "it gave up"),
        ("recurse", "it recursed too deeply"),
        ("trap", "it gave up"),
        ("nan", "no finite number"),
        ("negative", "is negative"),
        ("short", "6 weights were expected, one for each touchpoint, and 5 came"),
        ("long", "and 7 came"),
        ("part", "add up to 0.8"),
        ("half_batch", "1 of 2 journeys are answered"),
        ("loop_in_fit", "fuel"),
    ];
    for (way, expected) in cases {
        let begun = Instant::now();
        let error = misbehave(&model, way).unwrap_err();
        assert!(error.contains(expected), "{way}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{way} was not stopped in time");
        assert_eq!(misbehave(&model, "behave"), Ok(()), "after {way}");
    }
}

#[test]
fn the_clock_stops_a_component_that_has_fuel_left() {
    let host = Host::new(Limits { fuel: u64::MAX, batch_ms: 100, ..Limits::default() }).unwrap();
    let model = host.load(&component("tests/plugins/components", "hostile")).unwrap();
    assert_eq!(misbehave(&model, "loop").unwrap_err(), "it was stopped: it ran too long");
    assert_eq!(misbehave(&model, "behave"), Ok(()));
}

#[test]
fn a_file_that_may_not_be_run_is_refused_before_it_is_compiled() {
    let limits = Limits::default();
    let text = |wat: &str| wat::parse_str(wat).unwrap();
    let functions = "(func)".repeat(100_000);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("not wasm at all", b"model = 'first'".to_vec(), "not WebAssembly"),
        ("empty", Vec::new(), "not WebAssembly"),
        ("30 MB", vec![0; 30_000_000], "30000000 bytes"),
        ("a core module", text("(module)"), "`pipewright plugin pack`"),
        ("100,000 functions", text(&format!("(component (core module {functions}))")), "functions, and 5000 is the most"),
        ("an import", text("(component (import \"clock\" (func)))"), "it imports 'clock'"),
        ("cut short", text("(component (core module (func)))")[..20].to_vec(), "not WebAssembly"),
    ];
    for (what, bytes, expected) in cases {
        let begun = Instant::now();
        let refused = examine(&bytes, &limits).unwrap_err().to_string();
        assert!(refused.contains(expected), "{what}: {refused}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{what}");
    }
}

#[test]
fn a_start_function_is_stopped_and_a_component_of_another_kind_is_no_model() {
    let host = Host::new(Limits { fuel: 10_000_000, ..Limits::default() }).unwrap();
    let start = "(component (core module (func $s (loop (br 0))) (start $s)) (core instance (instantiate 0)))";
    let cases = [
        (start, "fuel"),
        ("(component)", "cannot run"),
        ("(component (core module (memory 5000)) (core instance (instantiate 0)))", "cannot run"),
        ("(component (core module (table 100000 funcref)) (core instance (instantiate 0)))", "cannot run"),
    ];
    for (wat, expected) in cases {
        let error = match host.load(&wat::parse_str(wat).unwrap()) {
            Err(LoadError::Failed(error)) => error.to_string(),
            Err(LoadError::Refused(refused)) => panic!("{wat}: {refused}"),
            Ok(_) => panic!("{wat} is taken in"),
        };
        assert!(error.contains(expected), "{wat}: {error}");
    }
    let invalid = wat::parse_str("(component (core module (func (result i32))))");
    let refused = invalid.map(|bytes| examine(&bytes, &Limits::default()));
    assert!(matches!(refused, Err(_) | Ok(Err(Refused::Invalid { .. }))), "{refused:?}");
}
