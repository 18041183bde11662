//! Runs components.

use super::bindings::Model as Bindings;
use super::{Limits, Refused, convert, examine};
use pipewright_plugin::{
    Explanation, Findings, FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, Parameters, Weights,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder, Trap};

/// How long a tick of the clock that stops components is.
const TICK: Duration = Duration::from_millis(10);

/// What all components share: the compiler's settings, and the clock that stops them.
pub struct Host {
    engine: Engine,
    limits: Limits,
}

impl Host {
    /// Starts the clock, which ends with the host.
    ///
    /// # Errors
    /// This machine cannot run WebAssembly.
    pub fn new(limits: Limits) -> Result<Self, String> {
        let mut config = Config::new();
        config.consume_fuel(true).epoch_interruption(true).wasm_component_model(true);
        let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
        let weak = engine.weak();
        std::thread::Builder::new()
            .name("component-clock".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(TICK);
                    match weak.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })
            .map_err(|error| format!("the clock that stops components does not start: {error}"))?;
        Ok(Self { engine, limits })
    }

    /// Compiles a component without running it.
    ///
    /// # Errors
    /// It is refused unseen, or does not compile.
    pub fn compile(&self, bytes: &[u8]) -> Result<(), Refused> {
        self.component(bytes).map(|_| ())
    }

    fn component(&self, bytes: &[u8]) -> Result<Component, Refused> {
        examine(bytes, &self.limits)?;
        Component::from_binary(&self.engine, bytes).map_err(|error| Refused::Invalid { reason: format!("{error:#}") })
    }

    /// Takes a component in: compiles it, and asks what it says of itself.
    ///
    /// # Errors
    /// It is refused, does not compile, or fails when it is asked.
    pub fn load(&self, bytes: &[u8]) -> Result<WasmModel, LoadError> {
        let component = self.component(bytes)?;
        let loaded = Loaded { engine: self.engine.clone(), component, limits: self.limits.clone() };
        let mut instance = loaded.instance(self.limits.batch_ms).map_err(LoadError::Failed)?;
        let said = instance.bindings.pipewright_model_plugin().call_describe(&mut instance.store);
        let said = said.map_err(|error| LoadError::Failed(stopped(&error, &self.limits)))?;
        Ok(WasmModel { loaded: Arc::new(loaded), manifest: convert::manifest(said) })
    }
}

/// A component could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It may not be run.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It failed when it was asked what it is.
    #[error(transparent)]
    Failed(ModelError),
}

/// A component, compiled.
struct Loaded {
    engine: Engine,
    component: Component,
    limits: Limits,
}

impl Loaded {
    /// A fresh instance, stopped after `ms`: its start function runs here, so the limits stand already.
    fn instance(&self, ms: u64) -> Result<Instance, ModelError> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(self.limits.memory_bytes)
            .table_elements(self.limits.table_elements)
            .instances(8)
            .memories(1)
            .tables(4)
            .build();
        let mut store = Store::new(&self.engine, limits);
        store.limiter(|limits| limits);
        allow(&mut store, &self.limits, ms);
        let linker = Linker::new(&self.engine);
        let instance = linker.instantiate(&mut store, &self.component);
        let bindings = instance.and_then(|instance| Bindings::new(&mut store, &instance));
        let bindings = bindings.map_err(|error| stopped(&error, &self.limits))?;
        Ok(Instance { store, bindings })
    }

    /// An instance that has its parameters.
    fn started(&self, parameters: &Parameters, ms: u64) -> Result<Instance, ModelError> {
        let mut instance = self.instance(ms)?;
        let settings = convert::settings(parameters);
        let started = instance.bindings.pipewright_model_plugin().call_fit_start(&mut instance.store, &settings);
        started.map_err(|error| stopped(&error, &self.limits))?.map_err(convert::failure)?;
        Ok(instance)
    }

    fn ended(&self, instance: &mut Instance) -> Result<Findings, ModelError> {
        let ended = instance.bindings.pipewright_model_plugin().call_fit_end(&mut instance.store);
        Ok(convert::findings(ended.map_err(|error| stopped(&error, &self.limits))?.map_err(convert::failure)?))
    }
}

/// A component with a memory of its own.
struct Instance {
    store: Store<StoreLimits>,
    bindings: Bindings,
}

/// Gives a store its fuel, and `ms` from now.
fn allow(store: &mut Store<StoreLimits>, limits: &Limits, ms: u64) {
    store.set_fuel(limits.fuel).expect("fuel is switched on");
    store.set_epoch_deadline(ms.div_ceil(TICK.as_millis() as u64) + 1);
}

/// Why a call did not come back, in words that say what to do.
fn stopped(error: &wasmtime::Error, limits: &Limits) -> ModelError {
    let reason = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => format!("it was stopped: it used up {} units of fuel in one call", limits.fuel),
        Some(Trap::Interrupt) => "it was stopped: it ran too long".into(),
        // A component keeps a stack of its own at the low end of its memory, and may run out of that one first.
        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => {
            "it was stopped: it recursed too deeply, or reached beyond its memory".into()
        }
        Some(Trap::UnreachableCodeReached) => {
            format!("it gave up (a panic, or no memory left of the {} bytes it may have)", limits.memory_bytes)
        }
        Some(trap) => format!("it trapped: {trap}"),
        None => format!("it cannot run: {error:#}"),
    };
    ModelError::Failed(reason.chars().take(300).collect())
}

/// A model that is a component.
pub struct WasmModel {
    loaded: Arc<Loaded>,
    manifest: Manifest,
}

impl Model for WasmModel {
    fn manifest(&self) -> Manifest {
        self.manifest.clone()
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        let loaded = self.loaded.clone();
        if self.manifest.passes == 0 {
            let mut instance = loaded.started(parameters, loaded.limits.batch_ms)?;
            let findings = loaded.ended(&mut instance)?;
            let idle = Mutex::new(vec![instance]);
            return Ok(Fitting::Ready(Box::new(Ready { loaded, parameters: parameters.clone(), idle, findings })));
        }
        let started = Instant::now();
        let instance = loaded.started(parameters, loaded.limits.fit_ms)?;
        Ok(Fitting::Learning(Box::new(Learning { loaded, instance, started })))
    }
}

/// Learning, by one instance, in the time that it has for all journeys.
struct Learning {
    loaded: Arc<Loaded>,
    instance: Instance,
    started: Instant,
}

impl Learning {
    fn allow(&mut self) -> Result<(), ModelError> {
        let limits = &self.loaded.limits;
        let left = limits.fit_ms.saturating_sub(self.started.elapsed().as_millis() as u64);
        if left == 0 {
            return Err(ModelError::Failed(format!("it was stopped: it learnt for longer than {} ms", limits.fit_ms)));
        }
        allow(&mut self.instance.store, limits, left);
        Ok(())
    }
}

impl Learner for Learning {
    fn learn(&mut self, pass: u32, batch: &[Journey<'_>]) -> Result<(), ModelError> {
        self.allow()?;
        let Instance { store, bindings } = &mut self.instance;
        let learnt = bindings.pipewright_model_plugin().call_fit_batch(store, pass, &convert::batch(batch));
        learnt.map_err(|error| stopped(&error, &self.loaded.limits))?.map_err(convert::failure)
    }

    fn finish(mut self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        self.allow()?;
        let findings = self.loaded.ended(&mut self.instance)?;
        Ok(Box::new(Learnt { loaded: self.loaded, instance: Mutex::new(Some(self.instance)), findings }))
    }
}

/// An instance was stopped in the middle of a call: it is not called again.
struct Stopped(ModelError);

/// One call of `weigh` on an instance, which may well say that it failed.
fn weigh(
    loaded: &Loaded,
    instance: &mut Instance,
    journeys: &[Journey<'_>],
    out: &mut Weights,
) -> Result<Result<(), ModelError>, Stopped> {
    allow(&mut instance.store, &loaded.limits, loaded.limits.batch_ms);
    let answer = instance.bindings.pipewright_model_plugin().call_weigh(&mut instance.store, &convert::batch(journeys));
    let answer = answer.map_err(|error| Stopped(stopped(&error, &loaded.limits)))?;
    Ok(answer.map_err(convert::failure).and_then(|answer| convert::weights(&answer, out)))
}

/// One call of `explain` on an instance; `None` also where it fails, as an explanation is no part of the numbers.
fn explain(loaded: &Loaded, instance: &mut Instance, journey: &Journey<'_>) -> Result<Option<Explanation>, Stopped> {
    allow(&mut instance.store, &loaded.limits, loaded.limits.batch_ms);
    let batch = convert::batch(std::slice::from_ref(journey));
    let said = instance.bindings.pipewright_model_plugin().call_explain(&mut instance.store, &batch);
    let said = said.map_err(|error| Stopped(stopped(&error, &loaded.limits)))?;
    Ok(said.ok().flatten().and_then(|said| convert::explanation(said, journey.touches.len())))
}

/// A component that learns nothing: as many instances as there are threads that ask at once.
struct Ready {
    loaded: Arc<Loaded>,
    parameters: Parameters,
    /// Instances that nobody uses. One that was stopped is not put back.
    idle: Mutex<Vec<Instance>>,
    findings: Findings,
}

impl Ready {
    fn take(&self) -> Result<Instance, ModelError> {
        if let Some(instance) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(instance);
        }
        let mut instance = self.loaded.started(&self.parameters, self.loaded.limits.batch_ms)?;
        self.loaded.ended(&mut instance)?;
        Ok(instance)
    }

    fn put_back(&self, instance: Instance) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
    }
}

impl FittedModel for Ready {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        let mut instance = self.take()?;
        let weighed = weigh(&self.loaded, &mut instance, batch, out).map_err(|Stopped(error)| error)?;
        self.put_back(instance);
        weighed
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let mut instance = self.take().ok()?;
        let explained = explain(&self.loaded, &mut instance, journey).ok()?;
        self.put_back(instance);
        explained
    }

    fn findings(&self) -> Findings {
        self.findings.clone()
    }
}

/// A component that has learnt: what it learnt is in the memory of one instance.
struct Learnt {
    loaded: Arc<Loaded>,
    /// `None` once it was stopped: then it must learn anew.
    instance: Mutex<Option<Instance>>,
    findings: Findings,
}

impl FittedModel for Learnt {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        let mut held = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut instance = held.take().ok_or_else(|| ModelError::Failed("it was stopped before and must learn anew".into()))?;
        let weighed = weigh(&self.loaded, &mut instance, batch, out).map_err(|Stopped(error)| error)?;
        *held = Some(instance);
        weighed
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let mut held = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut instance = held.take()?;
        let explained = explain(&self.loaded, &mut instance, journey).ok()?;
        *held = Some(instance);
        explained
    }

    fn findings(&self) -> Findings {
        self.findings.clone()
    }
}
