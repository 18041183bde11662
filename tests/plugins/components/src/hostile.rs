//! A model that misbehaves in the way that its parameter names.

use pipewright_plugin::{
    Domain, FittedModel, Fitting, Journey, Learner, Manifest, Model, ModelError, Parameter, Parameters, Weights,
};

/// The model.
pub struct Hostile;

/// The ways, the first of which is to behave.
const WAYS: [&str; 12] =
    ["behave", "loop", "bomb", "recurse", "trap", "nan", "negative", "short", "long", "part", "half_batch", "loop_in_fit"];

/// One of the ways.
pub struct Way(pub String);

impl Model for Hostile {
    fn manifest(&self) -> Manifest {
        Manifest {
            id: "hostile".into(),
            name: "Hostile".into(),
            description: "Misbehaves in the way that its parameter names.".into(),
            version: "1.0.0".into(),
            parameters: vec![Parameter {
                name: "way".into(),
                description: "In which way.".into(),
                domain: Domain::Choice { default: WAYS[0].into(), options: WAYS.map(String::from).to_vec() },
            }],
            additive: true,
            origins: false,
            passes: 1,
            paths: true,
        }
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Learning(Box::new(Way(parameters.choice("way")?.into()))))
    }
}

impl Learner for Way {
    fn learn(&mut self, _: u32, _: &[Journey<'_>]) -> Result<(), ModelError> {
        if self.0 == "loop_in_fit" { forever() } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn FittedModel>, ModelError> {
        Ok(self)
    }
}

fn forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + frame[(depth % 64) as usize]
}

impl FittedModel for Way {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        match self.0.as_str() {
            "loop" => forever(),
            "bomb" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
            }
            "recurse" => {
                std::hint::black_box(deeper(0));
            }
            "trap" => panic!("on purpose"),
            _ => {}
        }
        let answered = if self.0 == "half_batch" { batch.len() / 2 } else { batch.len() };
        for journey in &batch[..answered] {
            let touches = match self.0.as_str() {
                "short" => journey.touches.len() - 1,
                "long" => journey.touches.len() + 1,
                _ => journey.touches.len(),
            };
            let weights = out.journey(touches);
            weights.fill(1.0 / touches as f64);
            match self.0.as_str() {
                "nan" => weights[0] = f64::NAN,
                "negative" => {
                    weights[0] = -0.5;
                    weights[1] = 1.5;
                }
                "part" => weights.fill(0.8 / touches as f64),
                _ => {}
            }
        }
        Ok(())
    }
}
