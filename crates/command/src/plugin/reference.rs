//! Key references: `signpath://[organization@]project/policy[?name=value&…]`, of which cosign passes on what follows `://`.
//!
//! No error repeats what stands in one: cosign prints it, and it may be a PIN or a token that was pasted there.

use signpath_client::config::{CosignSettings, Via, percent_decoded};
use signpath_client::secret::OrganizationId;

use crate::service::PolicyName;

/// What a reference looks like, for errors.
const FORM: &str = "signpath://[organization@]project/policy[?name=value&…]";

/// The names before the values, for errors.
const NAMES: &str = "via, form, file, artifact-configuration, description, param.NAME";

/// What stands before the name of a user-defined parameter.
const PARAMETER: &str = "param.";

/// What a parameter may be, for errors.
const OF_PARAMETERS: &str =
    "its name has letters, digits, -, _ and ., and its value no invisible characters";

/// Longest slug.
const SLUG_MAX: usize = 200;

/// A key, and how it is to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyReference {
    /// The organization, if it is named.
    pub(super) organization: Option<OrganizationId>,
    /// The signing policy.
    pub(super) policy: PolicyName,
    /// The settings in force: those of the configuration under those of the reference.
    pub(super) settings: CosignSettings,
}

impl KeyReference {
    /// Reads what follows `://`. What it does not say is as in `settings`.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub(super) fn parse(text: &str, settings: &CosignSettings) -> Result<Self, String> {
        let (path, query) = text.split_once('?').map_or((text, None), |(p, q)| (p, Some(q)));
        let (organization, path) =
            path.split_once('@').map_or((None, path), |(id, path)| (Some(id), path));
        let organization = organization.map(organization_of).transpose()?;
        let (project, policy) = path.split_once('/').ok_or_else(|| {
            wrong("there is no / between a project and a signing policy".to_owned())
        })?;
        let mut settings = settings.clone();
        if let Some(query) = query {
            apply(&mut settings, query)?;
        }
        let policy = PolicyName {
            project: slug("project", project)?,
            policy: slug("signing policy", policy)?,
        };
        Ok(Self { organization, policy, settings })
    }

    /// By hash signing, unless something else is said.
    pub(super) fn via(&self) -> Via {
        self.settings.via.unwrap_or(Via::Hash)
    }
}

fn organization_of(text: &str) -> Result<OrganizationId, String> {
    decoded(text)?.parse().map_err(|error| wrong(format!("what stands before the @ is {error}")))
}

fn slug(what: &str, text: &str) -> Result<String, String> {
    let slug = decoded(text)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let problem = match slug.chars().find(|c| !fits(*c)) {
        Some(odd) => format!("has {odd:?} in it; allowed: letters, digits, - and _"),
        None if slug.is_empty() => "is empty".to_owned(),
        None if slug.len() > SLUG_MAX => format!("has more than {SLUG_MAX} characters"),
        None => return Ok(slug),
    };
    Err(wrong(format!("the {what} {problem}")))
}

fn apply(settings: &mut CosignSettings, query: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    for part in query.split('&') {
        let (name, value) =
            part.split_once('=').ok_or_else(|| wrong("a part after the ? has no =".to_owned()))?;
        let (name, value) = (decoded(name)?, decoded(value)?);
        if seen.contains(&name) {
            return Err(wrong(format!("{name} is there twice")));
        }
        match name.strip_prefix(PARAMETER) {
            Some(parameter) => settings.set_parameter(parameter, &value).map_err(|_| {
                wrong(format!("a {PARAMETER}NAME=value cannot be used; {OF_PARAMETERS}"))
            })?,
            None => settings
                .set(&name, &value)
                .ok_or_else(|| wrong(format!("a name after the ? is not known; allowed: {NAMES}")))?
                .map_err(|why| wrong(format!("{name} cannot be used: {why}")))?,
        }
        seen.push(name);
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decoded(text).ok_or_else(|| wrong("a part is not percent-encoded UTF-8".to_owned()))
}

fn wrong(why: String) -> String {
    format!("the key reference cannot be used: {why}. It has the form {FORM}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signpath_client::config::{PayloadForm, Via};

    use super::*;

    const ID: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";

    fn parsed(text: &str) -> Result<KeyReference, String> {
        KeyReference::parse(text, &CosignSettings::default())
    }

    #[test]
    fn the_shortest_reference_is_project_and_policy() {
        let key = parsed("my-project/release_1").unwrap();
        assert_eq!(key.policy.to_string(), "my-project/release_1");
        assert_eq!((key.organization, key.settings), (None, CosignSettings::default()));
    }

    #[test]
    fn everything_can_be_said() {
        let text = format!(
            "{ID}@p/q?via=request&form=dsse&file=a%2Fb.json&artifact-configuration=images&\
             description=Release%201.0+2&param.version=1%26%3D&param.x="
        );
        let key = parsed(&text).unwrap();
        assert_eq!(key.organization.unwrap().as_str(), ID);
        let settings = key.settings;
        assert_eq!((settings.via, settings.form), (Some(Via::Request), PayloadForm::Dsse));
        assert_eq!(settings.file, "a/b.json");
        assert_eq!(settings.artifact_configuration.as_deref(), Some("images"));
        assert_eq!(settings.description.as_deref(), Some("Release 1.0+2"));
        let parameters = [("version", "1&="), ("x", "")];
        assert_eq!(settings.parameters, parameters.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn the_reference_wins_over_the_configuration_and_leaves_the_rest() {
        let mut configured =
            CosignSettings { via: Some(Via::Request), ..CosignSettings::default() };
        configured.set_parameter("a", "1").unwrap();
        configured.set_parameter("b", "2").unwrap();
        let key = KeyReference::parse("p/q?via=hash&param.a=3", &configured).unwrap();
        assert_eq!(key.via(), Via::Hash);
        let parameters = [("b", "2"), ("a", "3")];
        assert_eq!(key.settings.parameters, parameters.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn an_error_says_what_is_wrong_and_what_is_allowed() {
        for (text, expected) in [
            ("", "there is no /"),
            ("project", "there is no /"),
            ("/policy", "the project is empty"),
            ("a/b/c", "the signing policy has '/' in it; allowed: letters, digits, - and _"),
            ("a/b%2Fc", "the signing policy has '/' in it"),
            ("a/b%zz", "not percent-encoded"),
            ("a/b%ff", "not percent-encoded"),
            ("acme@a/b", "what stands before the @ is not a UUID"),
            ("a/b?", "a part after the ? has no ="),
            ("a/b?via=mail", "allowed: hash or request"),
            ("a/b?form=jws", "allowed: raw or dsse"),
            ("a/b?file=../x", "allowed: a relative path"),
            ("a/b?artifact-configuration=a%20b", "allowed: letters, digits, - and _"),
            ("a/b?Via=hash", "allowed: via, form, file, artifact-configuration"),
            ("a/b?param.=1", "its name has letters"),
            ("a/b?param.a%20b=1", "its name has letters"),
            ("a/b?description=%0A", "invisible"),
            ("a/b?via=hash&via=hash", "via is there twice"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(expected) && error.contains(FORM), "{text}: {error}");
        }
    }

    #[test]
    fn no_error_repeats_a_secret_that_was_pasted() {
        const TOKEN: &str = "Unkn0wnToken+/xYzAbC=";
        let encoded: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for token in [TOKEN, &encoded] {
            for text in [
                format!("{ID}:{token}"),
                format!("{ID}%3A{token}@p/q"),
                format!("{token}@p/q"),
                format!("{token}/q"),
                format!("p/{token}"),
                format!("p/q?{token}"),
                format!("p/q?{token}=1"),
                format!("p/q?param.{token}=1"),
                format!("p/q?via={token}"),
                format!("p/q?form={token}"),
                format!("p/q?file=/{token}"),
                format!("p/q?artifact-configuration={token}"),
                format!("p/q?param.x={token}%0A"),
                format!("p/q?description={token}%0A"),
                format!("p/q%zz{token}"),
            ] {
                let error = parsed(&text).unwrap_err();
                let secrets = ["Unkn0wnToken", "xYzAbC", &encoded[..24]];
                let leak = secrets.iter().find(|secret| error.contains(**secret));
                assert_eq!(leak, None, "{text}: {error}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            parsed(&text).ok();
        }

        #[test]
        fn what_parses_has_clean_slugs(text in "[a-zA-Z0-9_%/@?&=.-]{0,60}") {
            if let Ok(key) = parsed(&text) {
                for slug in [&key.policy.project, &key.policy.policy] {
                    prop_assert!(!slug.is_empty());
                    prop_assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
                }
            }
        }

        #[test]
        fn any_value_survives_its_encoding(value in "[^\\p{C}\\p{Zl}\\p{Zp}]{0,40}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let key = parsed(&format!("a/b?param.x={encoded}")).unwrap();
            prop_assert_eq!(&key.settings.parameters[0].1, &value);
        }
    }
}
