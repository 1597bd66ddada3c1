//! The settings file as an archive holds it: without what only this installation should know.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

/// Keys whose values are secrets, in any table.
const SECRETS: [&str; 4] = ["password", "secret", "token", "key"];
/// A restored installation says itself where its database is.
const OWN_TABLE: &str = "database";

/// The text of the settings file without secrets and the place of the database, in whose place a
/// comment stands; `None` where there is no file.
pub(super) fn without_secrets(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(stripped(&text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

fn stripped(text: &str) -> String {
    let mut table = String::new();
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let bare = line.trim();
        if let Some(name) = bare.strip_prefix('[') {
            let name = name.trim_start_matches('[');
            name.split(']')
                .next()
                .unwrap_or(name)
                .trim()
                .clone_into(&mut table);
        }
        let key = bare
            .split_once('=')
            .map(|(key, _)| key.trim().trim_matches('"'));
        let last = key.map(|key| key.rsplit('.').next().unwrap_or(key).trim());
        let is_secret = last.is_some_and(|last| {
            let last = last.to_ascii_lowercase();
            SECRETS
                .iter()
                .any(|secret| last == *secret || last.ends_with(&format!("_{secret}")))
        });
        let is_secret = is_secret || has_password(bare);
        let first = key
            .and_then(|key| key.split_once('.'))
            .map(|(first, _)| first.trim());
        let is_own = table == OWN_TABLE || table.is_empty() && first == Some(OWN_TABLE);
        let is_comment = bare.starts_with('#');
        match key {
            Some(key) if (is_secret || is_own) && !is_comment => {
                kept.push_str(&format!("# {key} is not in the backup\n"));
            }
            _ => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

/// Whether a line has an address with a password in it, as `smtp://ann:secret@mail`.
fn has_password(line: &str) -> bool {
    let host = line.split_once("://").map(|(_, rest)| rest);
    let host = host.map(|rest| rest.split(['/', '?']).next().unwrap_or(rest));
    host.is_some_and(|host| {
        host.rsplit_once('@')
            .is_some_and(|(who, _)| who.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::stripped;

    #[test]
    fn secrets_and_the_place_of_the_database_stay_at_home() {
        let text = "# password = \"old\"\n[company]\nname = \"水车\"\n\n[mail]\nuser = \"ann\"\n\
                    password = \"p=q\"\n\n[database]\nurl = \"postgres://ann:secret@db/sales\"\n\n\
                    [server]\nhosts = [\"a\"]\nwebhook_secret = \"x\"\n";
        let kept = stripped(text);
        assert_eq!(
            kept,
            "# password = \"old\"\n[company]\nname = \"水车\"\n\n[mail]\nuser = \"ann\"\n\
             # password is not in the backup\n\n[database]\n# url is not in the backup\n\n\
             [server]\nhosts = [\"a\"]\n# webhook_secret is not in the backup\n"
        );
    }

    #[test]
    fn an_address_with_a_password_is_a_secret() {
        let kept =
            stripped("[mail]\nserver = \"smtp://ann:pw@mail:25\"\nhook = \"https://a/b:c@d\"\n");
        assert_eq!(
            kept,
            "[mail]\n# server is not in the backup\nhook = \"https://a/b:c@d\"\n"
        );
    }

    #[test]
    fn keys_with_dots_are_seen_as_well() {
        let kept =
            stripped("database.url = \"postgres://x\"\nmail.password = \"y\"\nmail.host = \"z\"\n");
        assert_eq!(
            kept,
            "# database.url is not in the backup\n# mail.password is not in the backup\nmail.host = \"z\"\n"
        );
    }
}
