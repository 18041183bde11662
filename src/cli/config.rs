//! `pipewright config`: what is in force, and where it came from.

use crate::config::{Config, Layers, Setting};

/// Prints the configuration that is in force, and where each value came from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright config
  pipewright config > pipewright.toml      a file to start from, with every key
  PIPEWRIGHT__LOG__FILTER=debug pipewright config

Each value is followed by where it came from: default, file, environment or flag. A password in database.url is not shown.")]
pub struct ConfigArgs {}

/// Prints the whole tree as TOML, each value with its origin as a comment; an absent one stands in a comment.
pub fn run(_: ConfigArgs, layers: &Layers, config: &Config) {
    let mut shown = config.clone();
    shown.database.url = without_password(&shown.database.url);
    print!("{}", written(layers.settings(&shown)));
}

fn written(mut settings: Vec<Setting>) -> String {
    // A table of TOML ends where the next begins: each section comes in one piece.
    settings.sort_by(|one, other| parts(&one.key).cmp(&parts(&other.key)));
    let mut text = String::new();
    let mut open = "";
    for setting in &settings {
        let (section, name) = parts(&setting.key);
        if section != open {
            text.push_str(&format!("{}[{section}]\n", if text.is_empty() { "" } else { "\n" }));
            open = section;
        }
        let line = match &setting.value {
            Some(value) => format!("{name} = {value}"),
            None => format!("# {name} is absent"),
        };
        text.push_str(&format!("{line:<44}  # {}\n", setting.origin));
    }
    text
}

/// Section and name.
fn parts(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// The address with `***` for what stands between the user and the host, and for a password among its parameters.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, parameters) = rest.split_once('?').map_or((rest, None), |(place, parameters)| (place, Some(parameters)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => format!("{user}@{host}"),
        },
        None => place.to_owned(),
    };
    let hidden = |pair: &str| if pair.starts_with("password=") { "password=***".to_owned() } else { pair.to_owned() };
    let parameters = parameters.map(|all| all.split('&').map(hidden).collect::<Vec<_>>().join("&"));
    match parameters {
        Some(parameters) => format!("{scheme}://{place}?{parameters}"),
        None => format!("{scheme}://{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("sqlite:a.sqlite", "sqlite:a.sqlite"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            ("postgres://me:p@ss:w@host/db", "postgres://me:***@host/db"),
            ("postgres://host/db?user=me&password=secret", "postgres://host/db?user=me&password=***"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
