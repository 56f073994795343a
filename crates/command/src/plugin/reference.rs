//! Key references: `signpath://[organization@]project/policy[?name=value&…]`, of which cosign passes on what follows `://`.

use signpath_client::config::{CosignSettings, Via, percent_decoded};
use signpath_client::secret::OrganizationId;

use crate::service::PolicyName;

/// What a reference looks like, for errors.
const FORM: &str = "signpath://[organization@]project/policy[?name=value&…]";

/// The names before the values, for errors.
const NAMES: &str = "via, form, file, artifact-configuration, description, param.NAME";

/// What stands before the name of a user-defined parameter.
const PARAMETER: &str = "param.";

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
            wrong(format!("there is no / between a project and a signing policy in {path:?}"))
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
    decoded(text)?.parse().map_err(|error| wrong(format!("the organization {text:?} is {error}")))
}

fn slug(what: &str, text: &str) -> Result<String, String> {
    let slug = decoded(text)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if slug.is_empty() || slug.len() > SLUG_MAX || !slug.chars().all(fits) {
        let allowed = "allowed: letters, digits, - and _";
        return Err(wrong(format!("the {what} cannot be {text:?} ({allowed})")));
    }
    Ok(slug)
}

fn apply(settings: &mut CosignSettings, query: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    for part in query.split('&') {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| wrong(format!("there is no = in {part:?} after the ?")))?;
        let (name, value) = (decoded(name)?, decoded(value)?);
        if seen.contains(&name) {
            return Err(wrong(format!("{name} is there twice")));
        }
        let applied = match name.strip_prefix(PARAMETER) {
            Some(parameter) => settings.set_parameter(parameter, &value),
            None => settings
                .set(&name, &value)
                .unwrap_or_else(|| Err(format!("it is not a known name; allowed: {NAMES}"))),
        };
        applied.map_err(|why| wrong(format!("{name}={value:?} cannot be used: {why}")))?;
        seen.push(name);
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decoded(text).ok_or_else(|| wrong(format!("{text:?} is not percent-encoded UTF-8")))
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
            ("/policy", "the project cannot be \"\" (allowed: letters, digits, - and _)"),
            ("a/b/c", "the signing policy cannot be \"b/c\""),
            ("a/b%2Fc", "cannot be \"b%2Fc\""),
            ("a/b%zz", "not percent-encoded"),
            ("a/b%ff", "not percent-encoded"),
            ("acme@a/b", "the organization \"acme\" is not a UUID"),
            ("a/b?", "there is no = in \"\""),
            ("a/b?via=mail", "allowed: hash or request"),
            ("a/b?form=jws", "allowed: raw or dsse"),
            ("a/b?file=../x", "allowed: a relative path"),
            ("a/b?artifact-configuration=a%20b", "allowed: letters, digits, - and _"),
            ("a/b?Via=hash", "allowed: via, form, file, artifact-configuration"),
            ("a/b?param.=1", "the parameter's name"),
            ("a/b?param.a%20b=1", "the parameter's name"),
            ("a/b?description=%0A", "invisible"),
            ("a/b?via=hash&via=hash", "via is there twice"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(expected) && error.contains(FORM), "{text}: {error}");
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
