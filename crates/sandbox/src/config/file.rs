//! The JSON file of a configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{ApiToken, Config, KeyType, PolicyConfig, artifact::ArtifactConfiguration};
use crate::Generation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct FileForm {
    organization_id: Option<String>,
    #[serde(default)]
    tokens: Vec<ApiToken>,
    #[serde(default)]
    generation: Generation,
    projects: Option<BTreeMap<String, ProjectForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ProjectForm {
    signing_policies: BTreeMap<String, PolicyForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PolicyForm {
    key: KeyType,
    #[serde(default)]
    certificate: bool,
    #[serde(default)]
    chain: bool,
    #[serde(default)]
    self_signed: bool,
    subject_alternative_name: Option<String>,
    #[serde(default)]
    approval: bool,
    #[serde(default)]
    gpg: bool,
    /// Empty stands for the default ones.
    #[serde(default)]
    artifact_configurations: BTreeMap<String, ArtifactConfiguration>,
    allowed_repositories: Option<Vec<String>>,
    #[serde(default)]
    inject: Map<String, Value>,
}

impl FileForm {
    pub(super) fn into_config(self) -> Result<Config, String> {
        let parse = |id: String| {
            Uuid::parse_str(&id).map_err(|_| format!("organizationId '{id}' is no UUID"))
        };
        Ok(Config {
            organization_id: self.organization_id.map(parse).transpose()?,
            tokens: self.tokens,
            generation: self.generation,
            policies: self.projects.map_or_else(|| Config::default().policies, policies_of),
        })
    }
}

fn policies_of(projects: BTreeMap<String, ProjectForm>) -> Vec<PolicyConfig> {
    let mut policies = Vec::new();
    for (project, form) in projects {
        policies.extend(form.signing_policies.into_iter().map(|(slug, form)| PolicyConfig {
            project: project.clone(),
            slug,
            key: form.key,
            certificate: form.certificate || form.chain || form.self_signed,
            chain: form.chain,
            self_signed: form.self_signed,
            subject_alternative_name: form.subject_alternative_name,
            approval: form.approval,
            gpg: form.gpg,
            artifact_configurations: form.artifact_configurations,
            allowed_repositories: form.allowed_repositories,
            inject: form.inject,
        }));
    }
    policies
}
