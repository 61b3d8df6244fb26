//! The suite that every [`Store`](crate::Store) passes.
//!
//! Most cases are scripts (`scripts.rs`, run by `script.rs`): a call a line, and what it must answer.
//! After each line the ledger is audited. `accounts.rs`, `fonts.rs` and `jobs.rs` hold what no script can
//! say, `random.rs` plays random calls against a model.
//!
//! Deliberately absent: what is one database's own (plans of its queries, its triggers); that is
//! tested beside its code. A new database adds one line: `suite!(open())`.

pub(crate) mod accounts;
pub(crate) mod fonts;
pub(crate) mod jobs;
pub(crate) mod random;
mod script;
pub(crate) mod scripts;

/// One test for each case. `open` is awaited for a pair of an empty store, as `Arc<dyn Store>`, and
/// whatever must live as long.
macro_rules! suite {
    ($open:expr) => {
        $crate::conformance::suite! { @ $open;
            scripts: an_account_is_made_once
            scripts: a_grant_counts_once_for_its_key
            accounts: tokens_end_by_time_and_by_hand
            accounts: a_token_is_made_once
            accounts: templates_have_versions
            accounts: a_template_is_seen_by_its_account_alone
            accounts: templates_are_listed_newest_first_in_pages
            fonts: a_font_is_added_once_and_taken_away
            fonts: fonts_are_chosen_by_their_families
            fonts: an_account_has_a_limited_number_of_fonts
            fonts: a_batch_keeps_the_fonts_that_it_was_submitted_with
            scripts: a_hold_is_captured_or_voided_exactly_once
            scripts: a_picture_is_paid_for_by_whoever_records_it_first
            scripts: a_hold_that_ran_out_is_voided
            scripts: too_few_credits_create_nothing
            scripts: a_batch_is_submitted_once
            jobs: a_batch_needs_its_template_and_rows
            scripts: equal_rows_of_a_batch_cost_one
            scripts: followers_fail_with_their_leader
            scripts: followers_wait_for_a_delayed_leader
            scripts: rows_whose_picture_is_recorded_are_done_at_once
            scripts: jobs_whose_picture_came_meanwhile_are_completed_in_passing
            scripts: equal_pictures_settled_together_cost_one
            scripts: a_late_worker_settles_nothing
            scripts: a_job_settled_twice_in_one_group_is_settled_once
            scripts: a_released_job_has_not_been_tried
            scripts: a_delayed_job_waits_for_its_time
            scripts: an_expired_lease_is_taken_back
            scripts: a_renewed_lease_lasts
            scripts: a_gateway_recovers_what_its_earlier_life_left
            scripts: a_suspect_comes_alone
            scripts: a_suspect_whose_picture_is_recorded_passes
            scripts: a_job_that_kills_its_gateway_fails_in_the_end
            jobs: what_was_submitted_is_what_is_claimed
            jobs: warnings_and_failures_are_kept
            jobs: a_stand_in_has_a_name_of_its_own
            jobs: a_strict_batch_takes_no_picture_that_has_warnings
            jobs: accounts_do_not_see_each_other
            jobs: a_late_small_account_is_served_among_the_first
            jobs: an_idle_account_saves_nothing_up
            jobs: claimers_never_share_a_job
            jobs: equal_holds_at_once_pay_once
            random: any_order_of_calls_keeps_the_ledger_sound
        }
    };
    (@ $open:expr; $($module:ident: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let open = || async { $open.await };
                $crate::conformance::$module::$case(open).await;
            }
        )*
    };
}
pub(crate) use suite;
