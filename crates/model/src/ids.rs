//! Ids as types, so that a batch is never asked for by the id of a job.

macro_rules! ids {
    ($($(#[$doc:meta])* $Name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $Name(pub uuid::Uuid);

        impl $Name {
            /// A fresh id that sorts after the earlier ones.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "an id is never a default value")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $Name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// An account: who owns templates and pays for renders.
    AccountId;
    /// A template, in all its versions.
    TemplateId;
    /// A batch of jobs.
    BatchId;
    /// One row of a batch.
    JobId;
    /// One hand-out of a group of jobs; results are accepted only under the lease that they were
    /// given out with.
    LeaseId;
    /// Credits set aside until a render succeeds or fails.
    HoldId;
    /// An API token.
    TokenId;
    /// A worker process.
    WorkerId;
}
