//! The cases that are scripts; `script.rs` says how to read them.

use std::sync::Arc;

use super::script::check;
use crate::Store;

/// Declares a case that is one script.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $script:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) async fn $name<Keep>(open: impl AsyncFnOnce() -> (Arc<dyn Store>, Keep)) {
            let (store, _keep) = open().await;
            check(store, $script).await;
        }
    )*};
}

scripts! {
    an_account_is_made_once: "
        account acme 10           free 10
        account acme 99           free 10
        account poor 0            free 0
        account debt -1           invalid
        balance acme              free 10 held 0 spent 0
    ";

    a_grant_counts_once_for_its_key: "
        account acme 1
        account other 1
        grant acme 5 k            free 6
        grant acme 5 k            free 6
        grant acme 7 k            free 6         # the key decides, not the amount
        grant other 5 k           free 6         # keys are an account's own
        grant acme 0 z            invalid
        grant acme -4 n           invalid
        balance acme              free 6 held 0 spent 0
    ";

    a_hold_is_captured_or_voided_exactly_once: "
        account acme 4
        hold h1 acme              free 3
        hold h1 acme              free 3         # the reply was lost
        capture h1 acme x         charged free 3
        capture h1 acme x         charged free 3
        void h1                   free 3         # a late time-out changes nothing
        balance acme              free 3 held 0 spent 1
        hold h2 acme              free 2
        void h2                   free 3
        void h2                   free 3
        capture h2 acme y         hold_voided    # and the picture is not given away
        capture h2 acme x         not charged free 3
        hold h2 acme              free 3         # still the old one
        balance acme              free 3 held 0 spent 1
        capture h9 acme x         hold_unknown
        void h9                   hold_unknown
    ";

    a_picture_is_paid_for_by_whoever_records_it_first: "
        account acme 3
        account other 1
        hold h1 acme              free 2
        hold h2 acme              free 1
        hold h3 acme              free 0
        hold h4 acme              credit_short
        capture h2 acme x         charged free 0
        capture h1 acme x         not charged free 1
        capture h1 acme x         not charged free 1
        capture h3 acme y         charged free 1
        hold o1 other             free 0
        capture o1 other x        charged free 0 # its template is another
        balance acme              free 1 held 0 spent 2
    ";

    a_hold_that_ran_out_is_voided: "
        account acme 2
        hold h1 acme              free 1
        wait 60000
        hold h2 acme              free 0
        sweep                     ready 0 expired 0
        wait 60000
        sweep                     ready 0 expired 0
        balance acme              free 1 held 1 spent 0
        capture h1 acme x         hold_voided
        capture h2 acme x         charged free 1
        wait 120000
        sweep                     ready 0 expired 0
        balance acme              free 1 held 0 spent 1
    ";

    too_few_credits_create_nothing: "
        account acme 2
        submit b1 acme x y z      credit_short
        balance acme              free 2 held 0 spent 0
        depth                     0
        claim l1 8                nothing
        submit b1 acme x y z      credit_short   # it was not made the first time
        submit b2 acme x y x y    held 2 free 0 ready 2
        hold h1 acme              credit_short
        grant acme 3 k            free 3
        submit b1 acme x y z      held 3 free 0 ready 3
    ";

    a_batch_is_submitted_once: "
        account acme 9
        account other 9
        submit b1 acme x y x      held 2 free 7 ready 2
        submit b1 acme x y x      held 2 free 7 ready 2
        submit b1 acme x y        batch_exists
        submit b1 other x y x     batch_exists
        depth                     2
        depth to 1                1
        depth to 2                2
        balance acme              free 7 held 2 spent 0
        balance other             free 9 held 0 spent 0
    ";

    equal_rows_of_a_batch_cost_one: "
        account acme 9
        submit b1 acme x y x x    held 2 free 7 ready 2
        batch b1                  queued 4 running 0 completed 0 failed 0
        job b1.2                  waiting attempts 0
        claim l1 8                b1.0 b1.1
        batch b1                  queued 2 running 2 completed 0 failed 0
        settle l1 b1.0=done       settled b1
        batch b1                  queued 0 running 1 completed 3 failed 0
        job b1.0                  completed attempts 1
        job b1.2                  completed cached attempts 0
        job b1.3                  completed cached attempts 0
        settle l1 b1.1=done       settled b1
        batch b1                  queued 0 running 0 completed 4 failed 0
        balance acme              free 7 held 0 spent 2
    ";

    followers_fail_with_their_leader: "
        account acme 9
        submit b1 acme x y x      held 2 free 7 ready 2
        claim l1 1                b1.0
        settle l1 b1.0=failed     settled b1
        job b1.0                  failed asset_not_found attempts 1
        job b1.2                  failed asset_not_found attempts 0
        batch b1                  queued 1 running 0 completed 0 failed 2
        balance acme              free 8 held 1 spent 0
        submit b2 acme x          held 1 free 7 ready 1
    ";

    followers_wait_for_a_delayed_leader: "
        account acme 9
        submit b1 acme x x        held 1 free 8 ready 1
        claim l1 8                b1.0
        settle l1 b1.0=delayed:500  settled b1
        job b1.0                  delayed asset_timeout attempts 1
        job b1.1                  waiting attempts 0
        claim l2 8                nothing
        batch b1                  queued 2 running 0 completed 0 failed 0
        wait 500
        sweep                     ready 1 expired 0 b1
        claim l2 8                b1.0
        settle l2 b1.0=done       settled b1
        job b1.0                  completed attempts 2
        job b1.1                  completed cached attempts 0
        balance acme              free 8 held 0 spent 1
    ";

    rows_whose_picture_is_recorded_are_done_at_once: "
        account acme 9
        hold h1 acme              free 8
        capture h1 acme x         charged free 8
        submit b1 acme x y x      held 1 free 7 ready 1
        job b1.0                  completed cached attempts 0
        job b1.2                  completed cached attempts 0
        claim l1 8                b1.1
        settle l1 b1.1=done       settled b1
        submit b2 acme x y        held 0 free 7 ready 0
        batch b2                  queued 0 running 0 completed 2 failed 0
        claim l2 8                nothing
        submit b2 acme x y        held 0 free 7 ready 0
        balance acme              free 7 held 0 spent 2
    ";

    jobs_whose_picture_came_meanwhile_are_completed_in_passing: "
        account acme 9
        submit b1 acme x          held 1 free 8 ready 1
        submit b2 acme x y x      held 2 free 6 ready 2
        submit b3 acme x          held 1 free 5 ready 1
        hold h1 acme              free 4
        claim l1 1                b1.0
        claim l2 1                b2.0
        settle l2 b2.0=delayed:1  settled b2
        settle l1 b1.0=done       settled b1
        wait 1
        sweep                     ready 1 expired 0 b2
        capture h1 acme x         not charged free 5
        claim l3 1                b2.1 b2        # b2 has got on
        job b2.0                  completed cached attempts 1
        job b2.2                  completed cached attempts 0
        claim l4 8                nothing b3
        batch b3                  queued 0 running 0 completed 1 failed 0
        settle l3 b2.1=done       settled b2
        balance acme              free 7 held 0 spent 2
    ";

    equal_pictures_settled_together_cost_one: "
        account acme 9
        submit b1 acme x          held 1 free 8 ready 1
        submit b2 acme x y        held 2 free 6 ready 2
        claim l1 8                b1.0 b2.0 b2.1
        settle l1 b2.0=done b2.1=failed b1.0=done   settled b1 b2
        job b2.0                  completed attempts 1
        job b1.0                  completed cached attempts 1
        balance acme              free 8 held 0 spent 1
    ";

    a_late_worker_settles_nothing: "
        account acme 9
        submit b1 acme x          held 1 free 8 ready 1
        claim l1 8                b1.0
        wait 30000
        sweep                     ready 1 expired 1 b1
        settle l1 b1.0=done       stale b1.0     # nobody has it
        claim l2 8                b1.0
        settle l1 b1.0=done       stale b1.0     # another has it
        settle l1 b1.0=failed     stale b1.0
        settle l1 b1.0=released   stale b1.0
        settle l1 b1.0=delayed:9  stale b1.0
        job b1.0                  active attempts 2
        balance acme              free 8 held 1 spent 0
        settle l2 b1.0=done       settled b1
        settle l2 b1.0=done       stale b1.0     # the reply was lost
        settle l1 b1.0=failed     stale b1.0
        balance acme              free 8 held 0 spent 1
    ";

    a_job_settled_twice_in_one_group_is_settled_once: "
        account acme 9
        submit b1 acme x y        held 2 free 7 ready 2
        claim l1 8                b1.0 b1.1
        settle l1 b1.0=done b1.0=failed b1.1=failed b1.1=done   settled b1 stale b1.0 b1.1
        job b1.0                  completed attempts 1
        job b1.1                  failed asset_not_found attempts 1
        balance acme              free 8 held 0 spent 1
    ";

    a_released_job_has_not_been_tried: "
        account acme 9
        submit b1 acme x          held 1 free 8 ready 1
        claim l1 8                b1.0
        settle l1 b1.0=released   settled b1
        job b1.0                  waiting attempts 0
        claim l2 8                b1.0
        settle l2 b1.0=delayed:0  settled b1
        sweep                     ready 1 expired 0 b1
        claim l3 8                b1.0
        settle l3 b1.0=released   settled b1
        job b1.0                  waiting asset_timeout attempts 1   # why the last attempt failed
    ";

    a_delayed_job_waits_for_its_time: "
        account acme 9
        due                       never
        submit b1 acme x y        held 2 free 7 ready 2
        due                       never
        claim l1 1                b1.0
        due                       in 30000
        settle l1 b1.0=delayed:700  settled b1
        due                       in 700
        depth                     1
        wait 699
        sweep                     ready 0 expired 0
        wait 1
        sweep                     ready 1 expired 0 b1
        due                       never
        claim l2 1                b1.0           # before those that came after it
        job b1.0                  active asset_timeout attempts 2
        settle l2 b1.0=done       settled b1
        job b1.0                  completed attempts 2
    ";

    an_expired_lease_is_taken_back: "
        account acme 9
        submit b1 acme x x y      held 2 free 7 ready 2
        claim l1 1                b1.0
        wait 29999
        sweep                     ready 0 expired 0
        wait 1
        sweep                     ready 1 expired 1 b1
        claim l2 1                b1.0
        wait 30000
        sweep                     ready 1 expired 1 b1
        claim l3 1                b1.0
        wait 30000
        sweep                     ready 0 expired 1 b1   # that was the third attempt
        job b1.0                  failed lease_expired attempts 3
        job b1.1                  failed lease_expired attempts 0
        balance acme              free 8 held 1 spent 0
        claim l4 8                b1.2
    ";

    a_renewed_lease_lasts: "
        account acme 9
        submit b1 acme x          held 1 free 8 ready 1
        renew l0                  lost
        claim l1 8                b1.0
        wait 20000
        renew l1                  kept
        wait 29999
        sweep                     ready 0 expired 0
        wait 5000
        renew l1                  kept           # it ran out, but nobody took it
        sweep                     ready 0 expired 0
        settle l1 b1.0=done       settled b1
        renew l1                  lost
    ";

    a_gateway_recovers_what_its_earlier_life_left: "
        account acme 9
        submit b1 acme x y z      held 3 free 6 ready 3
        claim l1 1 g1             b1.0
        claim l2 1 g2             b1.1
        recover g1                ready 1
        recover g1                ready 0
        job b1.0                  waiting attempts 1
        job b1.1                  active attempts 1
        settle l1 b1.0=done       stale b1.0
        settle l2 b1.1=done       settled b1
        claim l3 8 g1             b1.0 b1.2
    ";

    a_suspect_comes_alone: "
        account acme 9
        submit b1 acme x y z      held 3 free 6 ready 3
        claim l1 2                b1.0 b1.1
        settle l1 b1.0=lost b1.1=lost   settled b1
        job b1.0                  waiting attempts 1
        claim l2 8                b1.0 b1.1 b1.2   # once may be chance
        recover g1                ready 3
        claim l3 8 busy           nothing          # twice is not
        claim l4 8                b1.0
        claim l5 8                b1.1
        settle l4 b1.0=done       settled b1
        settle l5 b1.1=released   settled b1
        claim l6 8                b1.1
        settle l6 b1.1=lost       settled b1
        claim l7 8 busy           nothing
        claim l8 8                b1.1
        claim l9 8 busy           b1.2             # lost once
        settle l8 b1.1=done       settled b1
        settle l9 b1.2=done       settled b1
        balance acme              free 6 held 0 spent 3
    ";

    a_suspect_whose_picture_is_recorded_passes: "
        account acme 9
        submit b1 acme x y        held 2 free 7 ready 2
        claim l1 1                b1.0
        settle l1 b1.0=lost       settled b1
        claim l2 1                b1.0
        settle l2 b1.0=lost       settled b1
        hold h1 acme              free 6
        capture h1 acme x         charged free 6
        claim l3 8 busy           b1.1 b1
        job b1.0                  completed cached attempts 2
    ";

    a_job_that_kills_its_gateway_fails_in_the_end: "
        account acme 9
        submit b1 acme x x        held 1 free 8 ready 1
        claim l1 1                b1.0
        recover g1                ready 1
        claim l2 1                b1.0
        recover g1                ready 1
        claim l3 1                b1.0
        recover g1                ready 0
        job b1.0                  failed lease_expired attempts 3
        job b1.1                  failed lease_expired attempts 0
        balance acme              free 9 held 0 spent 0
    ";
}
