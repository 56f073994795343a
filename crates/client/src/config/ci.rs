//! The run of a CI system, by the variables that it is known to set. Named variables alone are read: a pipeline's
//! environment is full of secrets.

use std::ffi::OsString;

use reqwest::Url;

use crate::error::one_line;

/// Longest value that is taken over, in characters.
const VALUE_MAX: usize = 500;

/// A CI system: how its runs are known, and what is told of them.
#[derive(Debug)]
pub struct CiSystem {
    /// Its name.
    pub name: &'static str,
    /// The variable that is set in its runs alone.
    pub mark: &'static str,
    /// What is told, and the variable that says it.
    pub facts: &'static [(&'static str, &'static str)],
}

/// The systems that are known. Facts of the same name mean the same in all of them.
pub const CI_SYSTEMS: &[CiSystem] = &[
    CiSystem {
        name: "GitHub Actions",
        mark: "GITHUB_ACTIONS",
        facts: &[
            ("server", "GITHUB_SERVER_URL"),
            ("repository", "GITHUB_REPOSITORY"),
            ("commit", "GITHUB_SHA"),
            ("ref", "GITHUB_REF"),
            ("workflow", "GITHUB_WORKFLOW_REF"),
            ("job", "GITHUB_JOB"),
            ("run", "GITHUB_RUN_ID"),
            ("attempt", "GITHUB_RUN_ATTEMPT"),
            ("trigger", "GITHUB_EVENT_NAME"),
            ("actor", "GITHUB_ACTOR"),
        ],
    },
    CiSystem {
        name: "GitLab CI",
        mark: "GITLAB_CI",
        facts: &[
            ("server", "CI_SERVER_URL"),
            ("repository", "CI_PROJECT_PATH"),
            ("commit", "CI_COMMIT_SHA"),
            ("ref", "CI_COMMIT_REF_NAME"),
            ("job", "CI_JOB_NAME"),
            ("run", "CI_PIPELINE_ID"),
            ("url", "CI_JOB_URL"),
            ("trigger", "CI_PIPELINE_SOURCE"),
            ("actor", "GITLAB_USER_LOGIN"),
        ],
    },
    CiSystem {
        name: "Azure Pipelines",
        mark: "TF_BUILD",
        facts: &[
            ("server", "SYSTEM_COLLECTIONURI"),
            ("project", "SYSTEM_TEAMPROJECT"),
            ("repository", "BUILD_REPOSITORY_URI"),
            ("commit", "BUILD_SOURCEVERSION"),
            ("ref", "BUILD_SOURCEBRANCH"),
            ("workflow", "BUILD_DEFINITIONNAME"),
            ("job", "SYSTEM_JOBDISPLAYNAME"),
            ("run", "BUILD_BUILDID"),
            ("attempt", "SYSTEM_JOBATTEMPT"),
            ("trigger", "BUILD_REASON"),
            ("actor", "BUILD_REQUESTEDFOR"),
        ],
    },
    CiSystem {
        name: "Jenkins",
        mark: "JENKINS_URL",
        facts: &[
            ("server", "JENKINS_URL"),
            ("repository", "GIT_URL"),
            ("commit", "GIT_COMMIT"),
            ("ref", "GIT_BRANCH"),
            ("job", "JOB_NAME"),
            ("run", "BUILD_NUMBER"),
            ("url", "BUILD_URL"),
        ],
    },
    CiSystem {
        name: "TeamCity",
        mark: "TEAMCITY_VERSION",
        facts: &[
            ("project", "TEAMCITY_PROJECT_NAME"),
            ("commit", "BUILD_VCS_NUMBER"),
            ("job", "TEAMCITY_BUILDCONF_NAME"),
            ("run", "BUILD_NUMBER"),
            ("url", "BUILD_URL"),
        ],
    },
];

/// A run of a CI system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiRun {
    /// The system's name.
    pub system: &'static str,
    /// Names and values; URLs are without users, queries and fragments.
    pub facts: Vec<(&'static str, String)>,
}

impl CiRun {
    pub(super) fn read(environment: &impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let value = |name: &str| {
            let text = environment(name)?.into_string().ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let system = CI_SYSTEMS.iter().find(|system| value(system.mark).is_some())?;
        let facts = system.facts.iter();
        let facts = facts.filter_map(|(fact, name)| Some((*fact, harmless(&value(name)?)?)));
        Some(Self { system: system.name, facts: facts.collect() })
    }
}

/// A value in one line. An address loses its user and whatever comes after its path; what looks like one and cannot be
/// read is left out.
fn harmless(value: &str) -> Option<String> {
    let value = match (value.contains("://"), value.rsplit_once('@')) {
        (true, _) => without_user(value)?,
        // git@github.com:organization/project
        (false, Some((_, host))) => host.to_owned(),
        (false, None) => value.to_owned(),
    };
    Some(one_line(&value, VALUE_MAX))
}

fn without_user(value: &str) -> Option<String> {
    let mut url = Url::parse(value).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(set: &[(&str, &str)]) -> Option<CiRun> {
        CiRun::read(&|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn every_system_is_known_by_its_mark_and_tells_each_of_its_facts() {
        for system in CI_SYSTEMS {
            let mut set = vec![(system.mark, "true")];
            set.extend(system.facts.iter().map(|(fact, name)| (*name, *fact)));
            let found = run(&set).unwrap();
            assert_eq!(found.system, system.name);
            let names: Vec<_> = found.facts.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, system.facts.iter().map(|(fact, _)| *fact).collect::<Vec<_>>());
        }
    }

    #[test]
    fn without_a_mark_there_is_no_run() {
        assert_eq!(run(&[("GITHUB_SHA", "abc"), ("GITHUB_ACTIONS", "")]), None);
    }

    #[test]
    fn addresses_lose_users_queries_and_fragments() {
        for (value, expected) in [
            ("https://ci:s3cret@dev.azure.com/a/b", Some("https://dev.azure.com/a/b")),
            ("https://host/job/1?token=s3cret#s3cret", Some("https://host/job/1")),
            ("ssh://git:s3cret@host/a", Some("ssh://host/a")),
            ("git@github.com:a/b.git", Some("github.com:a/b.git")),
            ("https://s3cret@ho st/", None),
            ("main", Some("main")),
        ] {
            assert_eq!(harmless(value).as_deref(), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_password_of_an_address_is_told(user in "[a-z]{1,8}", password in "[A-Z]{8,12}", host in "[a-z]{1,9}") {
            let value = format!("https://{user}:{password}@{host}.example/path");
            prop_assert!(!harmless(&value).unwrap().contains(&password));
        }
    }
}
