//! The tables of both databases. @generated automatically by Diesel CLI.

diesel::table! {
    accounts (id) {
        id -> BigInt,
        name -> Text,
        platform -> Text,
        settings -> Text,
        credentials -> Nullable<Text>,
        credential_names -> Text,
        enabled -> Bool,
        timezone -> Text,
        concurrency -> Integer,
        on_unknown -> Text,
        suspended_reason -> Nullable<Text>,
        suspended_until -> Nullable<BigInt>,
        suspended_by_machine -> Bool,
        wrong_address_entry -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        spacing_seconds -> Integer,
        daily_cap -> Nullable<Integer>,
        windows -> Text,
        give_up_after_seconds -> Integer,
        late_after_seconds -> Nullable<Integer>,
        opens_at -> BigInt,
        gated -> Bool,
        awaits_answer -> Bool,
        answered_at -> Nullable<BigInt>,
        slots -> Text,
        missed_slot -> Text,
        on_similar -> Text,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        name -> Text,
        token_hash -> Text,
        role -> Text,
        created_at -> BigInt,
        account_ids -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        who -> Text,
        token_id -> Nullable<BigInt>,
        place -> Text,
        action -> Text,
        resource -> Text,
        resource_id -> Nullable<BigInt>,
        state_before -> Nullable<Text>,
        state_after -> Nullable<Text>,
    }
}

diesel::table! {
    content_media (content_id, revision, source) {
        content_id -> BigInt,
        revision -> Integer,
        source -> Text,
        media_id -> BigInt,
    }
}

diesel::table! {
    content_revisions (content_id, revision) {
        content_id -> BigInt,
        revision -> Integer,
        title -> Text,
        body -> Text,
        digest -> Nullable<Text>,
        author -> Nullable<Text>,
        cover -> Nullable<Text>,
        tags -> Text,
        source_url -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    contents (id) {
        id -> BigInt,
        revision -> Integer,
        review_status -> Text,
        account_id -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        text_hash -> Nullable<Text>,
    }
}

diesel::table! {
    deleted_imports (id) {
        id -> BigInt,
        path -> Text,
        sha256 -> Text,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        at -> BigInt,
        kind -> Text,
        account_id -> Nullable<BigInt>,
        execution_id -> Nullable<BigInt>,
        log_id -> Nullable<BigInt>,
        said -> Nullable<Text>,
    }
}

diesel::table! {
    executions (id) {
        id -> BigInt,
        task_id -> BigInt,
        rule -> Text,
        triggered_by -> Text,
        status -> Text,
        fire_time -> Nullable<BigInt>,
        claiming -> Bool,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        report -> Nullable<Text>,
        lease_expires_at -> Nullable<BigInt>,
        task_type -> Text,
        params -> Text,
        owner -> Nullable<Text>,
        found_nothing -> Bool,
        ends_as -> Nullable<Text>,
    }
}

diesel::table! {
    extra_contents (pool_id, place) {
        pool_id -> BigInt,
        place -> Integer,
        content_id -> BigInt,
        revision -> Nullable<Integer>,
    }
}

diesel::table! {
    idempotency_keys (token_id, idempotency_key) {
        token_id -> BigInt,
        idempotency_key -> Text,
        sealed_answer -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    imported_files (id) {
        id -> BigInt,
        path -> Text,
        sha256 -> Text,
        content_id -> BigInt,
    }
}

diesel::table! {
    lanes (account_id) {
        account_id -> BigInt,
        failures -> Integer,
        wait_until -> Nullable<BigInt>,
        tripped_at -> Nullable<BigInt>,
        probe_at -> Nullable<BigInt>,
        probes -> Integer,
        probed_entry -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        cap_day -> Nullable<BigInt>,
        cap_count -> Integer,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    media (id) {
        id -> BigInt,
        sha256 -> Text,
        kind -> Text,
        bytes -> BigInt,
        width -> Integer,
        height -> Integer,
        name -> Nullable<Text>,
        created_at -> BigInt,
        unused_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    media_uploads (account_id, sha256, purpose, place) {
        account_id -> BigInt,
        sha256 -> Text,
        purpose -> Text,
        place -> Text,
        platform_id -> Nullable<Text>,
        url -> Nullable<Text>,
        uploaded_at -> BigInt,
    }
}

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    nodes (id) {
        id -> Text,
        host -> Text,
        pid -> BigInt,
        version -> Text,
        fires -> Bool,
        concurrency -> Integer,
        lease_seconds -> Integer,
        stopping -> Bool,
        restarts -> Text,
        started_at -> BigInt,
        seen_at -> BigInt,
        held -> Nullable<Text>,
    }
}

diesel::table! {
    platform_tokens (account_id) {
        account_id -> BigInt,
        purpose -> Text,
        sealed -> Nullable<Text>,
        renew_at -> BigInt,
        expires_at -> BigInt,
        fetched_by -> Nullable<Text>,
        fetched_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    pool_counts (id) {
        id -> BigInt,
        account_id -> BigInt,
        status -> Text,
        entries -> BigInt,
    }
}

diesel::table! {
    publish_checkpoints (pool_id, step) {
        pool_id -> BigInt,
        step -> Text,
        revision -> Integer,
        irreversible -> Bool,
        result -> Nullable<Text>,
        reached_at -> BigInt,
    }
}

diesel::table! {
    publish_demands (pool_id) {
        pool_id -> BigInt,
        asked_at -> BigInt,
        asked_by -> Text,
    }
}

diesel::table! {
    publish_logs (id) {
        id -> BigInt,
        pool_id -> BigInt,
        content_id -> BigInt,
        revision -> Integer,
        account_id -> BigInt,
        execution_id -> Nullable<BigInt>,
        attempt -> Integer,
        status -> Text,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        media_id -> Nullable<Text>,
        url -> Nullable<Text>,
        retry_at -> Nullable<BigInt>,
        said_by -> Nullable<Text>,
        started_at -> BigInt,
        finished_at -> BigInt,
        on_demand -> Bool,
    }
}

diesel::table! {
    publish_pool (id) {
        id -> BigInt,
        content_id -> BigInt,
        account_id -> BigInt,
        status -> Text,
        priority -> Integer,
        scheduled_at -> Nullable<BigInt>,
        due_at -> BigInt,
        held -> Bool,
        unproven -> Bool,
        retry_count -> Integer,
        max_retries -> Integer,
        attempt -> Integer,
        idempotency_key -> Text,
        revision -> Nullable<Integer>,
        claimed_by -> Nullable<Text>,
        claimed_at -> Nullable<BigInt>,
        lease_expires_at -> Nullable<BigInt>,
        check_at -> Nullable<BigInt>,
        execution_id -> Nullable<BigInt>,
        recoveries -> Integer,
        log_id -> Nullable<BigInt>,
        published_at -> Nullable<BigInt>,
        added_at -> BigInt,
        updated_at -> BigInt,
        look_up_at -> Nullable<BigInt>,
        looked_up -> Integer,
        submitted_at -> Nullable<BigInt>,
        late_after_seconds -> Nullable<Integer>,
        late_at -> Nullable<BigInt>,
        retried_at -> Nullable<BigInt>,
        pushed_from -> Nullable<BigInt>,
        slot_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    published_contents (content_id, account_id) {
        content_id -> BigInt,
        account_id -> BigInt,
        first_published_at -> BigInt,
    }
}

diesel::table! {
    recycled_contents (task_id, content_id, account_id) {
        task_id -> BigInt,
        content_id -> BigInt,
        account_id -> BigInt,
        times -> Integer,
        last_added_at -> BigInt,
    }
}

diesel::table! {
    scheduled_tasks (id) {
        id -> BigInt,
        name -> Text,
        task_type -> Text,
        schedule_type -> Text,
        interval_seconds -> Nullable<BigInt>,
        cron -> Nullable<Text>,
        run_at -> Nullable<BigInt>,
        timezone -> Text,
        params -> Text,
        enabled -> Bool,
        misfire -> Text,
        anchor -> BigInt,
        next_run -> Nullable<BigInt>,
        last_run -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        missed_count -> BigInt,
        skipped_count -> BigInt,
        queued_count -> BigInt,
        last_missed_at -> Nullable<BigInt>,
        catch_up_next -> Nullable<BigInt>,
        catch_up_last -> Nullable<BigInt>,
    }
}

diesel::table! {
    slot_watches (pool_id) {
        pool_id -> BigInt,
        miss_at -> Nullable<BigInt>,
        missed_slot_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(content_media -> contents (content_id));
diesel::joinable!(content_media -> media (media_id));
diesel::joinable!(content_revisions -> contents (content_id));
diesel::joinable!(contents -> accounts (account_id));
diesel::joinable!(extra_contents -> contents (content_id));
diesel::joinable!(extra_contents -> publish_pool (pool_id));
diesel::joinable!(imported_files -> contents (content_id));
diesel::joinable!(lanes -> accounts (account_id));
diesel::joinable!(media_uploads -> accounts (account_id));
diesel::joinable!(platform_tokens -> accounts (account_id));
diesel::joinable!(publish_checkpoints -> publish_pool (pool_id));
diesel::joinable!(publish_pool -> accounts (account_id));
diesel::joinable!(publish_pool -> contents (content_id));
diesel::joinable!(recycled_contents -> accounts (account_id));
diesel::joinable!(recycled_contents -> contents (content_id));
diesel::joinable!(recycled_contents -> scheduled_tasks (task_id));
diesel::joinable!(slot_watches -> publish_pool (pool_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    api_tokens,
    audit,
    content_media,
    content_revisions,
    contents,
    deleted_imports,
    events,
    executions,
    extra_contents,
    idempotency_keys,
    imported_files,
    lanes,
    media,
    media_uploads,
    meta,
    nodes,
    platform_tokens,
    pool_counts,
    publish_checkpoints,
    publish_demands,
    publish_logs,
    publish_pool,
    published_contents,
    recycled_contents,
    scheduled_tasks,
    slot_watches,
);
