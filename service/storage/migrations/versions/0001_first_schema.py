"""First schema: the tables of the data dictionary, and a journal that takes no change."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record forward."""
    op.create_table(
        "agencies",
        sa.Column("agency_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('dispatch', 'introduction', 'pes', 'street', 'training')", name=op.f("ck_agencies_kind_known")
        ),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_agencies")),
    )
    op.create_table(
        "changes",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_changes")),
    )
    op.create_table(
        "employers",
        sa.Column("employer_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("industry", sa.String(length=64), nullable=True),
        sa.Column("blacklisted", sa.Boolean(), nullable=False),
        sa.Column("headcount", sa.BigInteger(), nullable=True),
        sa.Column("required_share", sa.Float(), nullable=True),
        sa.Column("hard_to_employ_count", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "\"type\" IN ('dispatch_agency', 'enterprise', 'government', 'individual_business', 'public_institution', 'social_org')",
            name=op.f("ck_employers_type_known"),
        ),
        sa.CheckConstraint("hard_to_employ_count >= 0", name=op.f("ck_employers_hard_to_employ_count_range")),
        sa.CheckConstraint("headcount >= 0", name=op.f("ck_employers_headcount_range")),
        sa.CheckConstraint(
            "required_share >= 0 AND required_share <= 1", name=op.f("ck_employers_required_share_range")
        ),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("pk_employers")),
    )
    op.create_table(
        "households",
        sa.Column("household_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("file_no", sa.Text(), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("hukou_region_code", sa.String(length=64), nullable=True),
        sa.Column("area_kind", sa.String(length=64), nullable=False),
        sa.Column("discovered_on", sa.Date(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("recognition_basis", sa.Text(), nullable=True),
        sa.Column("dibao_status", sa.String(length=64), nullable=False),
        sa.Column("hardship_level", sa.BigInteger(), nullable=True),
        sa.Column("paired_caseworker_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("area_kind IN ('rural', 'urban')", name=op.f("ck_households_area_kind_known")),
        sa.CheckConstraint(
            "dibao_status IN ('applied', 'closed', 'closing', 'none', 'receiving')",
            name=op.f("ck_households_dibao_status_known"),
        ),
        sa.CheckConstraint(
            "status IN ('applied', 'closed', 'discovered', 'ended', 'in_service', 'moved', 'one_employed', 'recognised', 'refused', 'stable', 'withdrawn')",
            name=op.f("ck_households_status_known"),
        ),
        sa.CheckConstraint(
            "hardship_level >= 0 AND hardship_level <= 3", name=op.f("ck_households_hardship_level_range")
        ),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_households")),
    )
    op.create_table(
        "job_fairs",
        sa.Column("job_fair_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("position_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_fair_id", name=op.f("pk_job_fairs")),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_journal_seq_range")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_request_id"), ["request_id"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "refused_rows",
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "n", name=op.f("pk_refused_rows")),
    )
    op.create_table(
        "regions",
        sa.Column("region_code", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("parent_code", sa.String(length=64), nullable=True),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("level IN ('city', 'district', 'province', 'street')", name=op.f("ck_regions_level_known")),
        sa.CheckConstraint("latitude >= 3 AND latitude <= 54", name=op.f("ck_regions_latitude_range")),
        sa.CheckConstraint("longitude >= 73 AND longitude <= 136", name=op.f("ck_regions_longitude_range")),
        sa.PrimaryKeyConstraint("region_code", name=op.f("pk_regions")),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('backtest', 'nightly', 'online')", name=op.f("ck_runs_kind_known")),
        sa.CheckConstraint("state IN ('done', 'failed', 'running')", name=op.f("ck_runs_state_known")),
        sa.CheckConstraint("seed >= 0", name=op.f("ck_runs_seed_range")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
    )
    op.create_table(
        "caseworkers",
        sa.Column("caseworker_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("region_scope", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("max_households", sa.BigInteger(), nullable=True),
        sa.Column("declared_relatives", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'analyst', 'auditor', 'caseworker', 'post_officer', 'service', 'supervisor')",
            name=op.f("ck_caseworkers_role_known"),
        ),
        sa.CheckConstraint("max_households >= 0", name=op.f("ck_caseworkers_max_households_range")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.agency_id"], name=op.f("fk_caseworkers_agency_id")),
        sa.PrimaryKeyConstraint("caseworker_id", name=op.f("pk_caseworkers")),
    )
    op.create_table(
        "members",
        sa.Column("member_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("relation", sa.String(length=64), nullable=False),
        sa.Column("birth_month", sa.String(length=7), nullable=True),
        sa.Column("sex", sa.String(length=64), nullable=False),
        sa.Column("education", sa.String(length=64), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("experience", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("disability_level", sa.BigInteger(), nullable=True),
        sa.Column("functional_limits", sa.Text(), nullable=False),
        sa.Column("accommodations_needed", sa.Text(), nullable=False),
        sa.Column("willing", sa.Boolean(), nullable=False),
        sa.Column("willing_confirmed_on", sa.Date(), nullable=True),
        sa.Column("flexibility_declared", sa.Boolean(), nullable=False),
        sa.Column("flexibility_declared_on", sa.Date(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("wanted_occupations", sa.Text(), nullable=False),
        sa.Column("excluded_tasks", sa.Text(), nullable=False),
        sa.Column("wage_floor", sa.BigInteger(), nullable=True),
        sa.Column("commute_limit_minutes", sa.BigInteger(), nullable=True),
        sa.Column("accepted_regions", sa.Text(), nullable=False),
        sa.Column("kinds_ok", sa.Text(), nullable=False),
        sa.Column("earliest_start", sa.BigInteger(), nullable=True),
        sa.Column("latest_end", sa.BigInteger(), nullable=True),
        sa.Column("max_hours_week", sa.Float(), nullable=True),
        sa.Column("night_ok", sa.Boolean(), nullable=True),
        sa.Column("reachable", sa.String(length=64), nullable=False),
        sa.Column("employment_state", sa.String(length=64), nullable=False),
        sa.Column("unemployed_since", sa.Date(), nullable=True),
        sa.Column("path_stage", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "education IN ('bachelor_up', 'college', 'junior', 'primary', 'senior_or_vocational')",
            name=op.f("ck_members_education_known"),
        ),
        sa.CheckConstraint(
            "employment_state IN ('employed', 'flexible', 'inactive', 'moved', 'self_employed', 'training', 'unemployed')",
            name=op.f("ck_members_employment_state_known"),
        ),
        sa.CheckConstraint(
            "path_stage IN ('ASSESS', 'BASIC', 'EXPERT', 'FOLLOWUP', 'JOBSEARCH', 'SKILL_TRAIN', 'TARGET_TRAIN')",
            name=op.f("ck_members_path_stage_known"),
        ),
        sa.CheckConstraint("reachable IN ('ok', 'unreachable', 'unsure')", name=op.f("ck_members_reachable_known")),
        sa.CheckConstraint(
            "relation IN ('child', 'head', 'other', 'parent', 'sibling', 'spouse')",
            name=op.f("ck_members_relation_known"),
        ),
        sa.CheckConstraint("sex IN ('F', 'M', 'unknown')", name=op.f("ck_members_sex_known")),
        sa.CheckConstraint(
            "commute_limit_minutes >= 0 AND commute_limit_minutes <= 300",
            name=op.f("ck_members_commute_limit_minutes_range"),
        ),
        sa.CheckConstraint(
            "disability_level >= 1 AND disability_level <= 4", name=op.f("ck_members_disability_level_range")
        ),
        sa.CheckConstraint(
            "earliest_start >= 0 AND earliest_start <= 1440", name=op.f("ck_members_earliest_start_range")
        ),
        sa.CheckConstraint("latest_end >= 0 AND latest_end <= 1440", name=op.f("ck_members_latest_end_range")),
        sa.CheckConstraint("latitude >= 3 AND latitude <= 54", name=op.f("ck_members_latitude_range")),
        sa.CheckConstraint("longitude >= 73 AND longitude <= 136", name=op.f("ck_members_longitude_range")),
        sa.CheckConstraint(
            "max_hours_week >= 0 AND max_hours_week <= 168", name=op.f("ck_members_max_hours_week_range")
        ),
        sa.CheckConstraint("wage_floor >= 0 AND wage_floor <= 10000000", name=op.f("ck_members_wage_floor_range")),
        sa.ForeignKeyConstraint(["household_id"], ["households.household_id"], name=op.f("fk_members_household_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_household_id"), ["household_id"], unique=False)

    op.create_table(
        "positions",
        sa.Column("position_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("employer_id", sa.String(length=64), nullable=False),
        sa.Column("user_unit_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("pw_subtype", sa.String(length=64), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=64), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("home_based", sa.Boolean(), nullable=False),
        sa.Column("openings_total", sa.BigInteger(), nullable=False),
        sa.Column("openings_left", sa.BigInteger(), nullable=False),
        sa.Column("wage_min", sa.BigInteger(), nullable=False),
        sa.Column("wage_max", sa.BigInteger(), nullable=False),
        sa.Column("wage_type", sa.String(length=64), nullable=False),
        sa.Column("contract_months", sa.BigInteger(), nullable=True),
        sa.Column("insured", sa.Text(), nullable=False),
        sa.Column("hours_week", sa.Float(), nullable=False),
        sa.Column("shift_start", sa.BigInteger(), nullable=True),
        sa.Column("shift_end", sa.BigInteger(), nullable=True),
        sa.Column("night", sa.Boolean(), nullable=False),
        sa.Column("min_education", sa.String(length=64), nullable=True),
        sa.Column("required_certificates", sa.Text(), nullable=False),
        sa.Column("required_skills", sa.Text(), nullable=False),
        sa.Column("essential_skills", sa.Text(), nullable=False),
        sa.Column("experience_months", sa.BigInteger(), nullable=True),
        sa.Column("lift_kg", sa.Float(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("height", sa.Boolean(), nullable=False),
        sa.Column("chemical", sa.Boolean(), nullable=False),
        sa.Column("customer_contact", sa.Boolean(), nullable=False),
        sa.Column("excluded_task_tags", sa.Text(), nullable=False),
        sa.Column("accommodations_offered", sa.Text(), nullable=False),
        sa.Column("reserved_categories", sa.Text(), nullable=False),
        sa.Column("training_provided", sa.Boolean(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("last_confirmed_on", sa.Date(), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("review_state", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('COMMUNITY_BASE', 'DISPATCH', 'EMPLOYER', 'FLEXIBLE', 'PUBLIC_WELFARE', 'TRAINEE')",
            name=op.f("ck_positions_kind_known"),
        ),
        sa.CheckConstraint(
            "min_education IN ('bachelor_up', 'college', 'junior', 'primary', 'senior_or_vocational')",
            name=op.f("ck_positions_min_education_known"),
        ),
        sa.CheckConstraint(
            "review_state IN ('quarantined', 'received', 'verified')", name=op.f("ck_positions_review_state_known")
        ),
        sa.CheckConstraint(
            "status IN ('closed', 'expired', 'filled', 'open', 'paused', 'stale')",
            name=op.f("ck_positions_status_known"),
        ),
        sa.CheckConstraint("wage_type IN ('hourly', 'monthly', 'piece')", name=op.f("ck_positions_wage_type_known")),
        sa.CheckConstraint(
            "contract_months >= 0 AND contract_months <= 600", name=op.f("ck_positions_contract_months_range")
        ),
        sa.CheckConstraint(
            "experience_months >= 0 AND experience_months <= 600", name=op.f("ck_positions_experience_months_range")
        ),
        sa.CheckConstraint("hours_week >= 0 AND hours_week <= 168", name=op.f("ck_positions_hours_week_range")),
        sa.CheckConstraint("latitude >= 3 AND latitude <= 54", name=op.f("ck_positions_latitude_range")),
        sa.CheckConstraint("lift_kg >= 0 AND lift_kg <= 500", name=op.f("ck_positions_lift_kg_range")),
        sa.CheckConstraint("longitude >= 73 AND longitude <= 136", name=op.f("ck_positions_longitude_range")),
        sa.CheckConstraint("openings_left <= openings_total", name=op.f("ck_positions_openings_within_total")),
        sa.CheckConstraint(
            "openings_left >= 0 AND openings_left <= 100000", name=op.f("ck_positions_openings_left_range")
        ),
        sa.CheckConstraint(
            "openings_total >= 0 AND openings_total <= 100000", name=op.f("ck_positions_openings_total_range")
        ),
        sa.CheckConstraint("shift_end >= 0 AND shift_end <= 1440", name=op.f("ck_positions_shift_end_range")),
        sa.CheckConstraint("shift_start >= 0 AND shift_start <= 1440", name=op.f("ck_positions_shift_start_range")),
        sa.CheckConstraint("wage_max >= 0 AND wage_max <= 100000000", name=op.f("ck_positions_wage_max_range")),
        sa.CheckConstraint("wage_max >= wage_min", name=op.f("ck_positions_wage_order")),
        sa.CheckConstraint("wage_min >= 0 AND wage_min <= 100000000", name=op.f("ck_positions_wage_min_range")),
        sa.ForeignKeyConstraint(["employer_id"], ["employers.employer_id"], name=op.f("fk_positions_employer_id")),
        sa.PrimaryKeyConstraint("position_id", name=op.f("pk_positions")),
    )
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_positions_employer_id"), ["employer_id"], unique=False)

    op.create_table(
        "appeals",
        sa.Column("appeal_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "about IN ('clock', 'data', 'ranking', 'refusal_count', 'status', 'suitability')",
            name=op.f("ck_appeals_about_known"),
        ),
        sa.CheckConstraint("\"decision\" IN ('partly', 'rejected', 'upheld')", name=op.f("ck_appeals_decision_known")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_appeals_member_id")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeals")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeals_member_id"), ["member_id"], unique=False)

    op.create_table(
        "assessments",
        sa.Column("member_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("assessed_on", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=True),
        sa.Column("instrument", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=64), nullable=False),
        sa.Column("dimension", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("standard_error", sa.Float(), nullable=True),
        sa.Column("assessor_id", sa.String(length=64), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "dimension IN ('clerical_perception', 'detail_perception', 'digital', 'finger_dexterity', 'learning', 'manual_dexterity', 'motor_coordination', 'numeracy', 'physical_stamina', 'service_orientation', 'spatial', 'verbal')",
            name=op.f("ck_assessments_dimension_known"),
        ),
        sa.CheckConstraint(
            "mode IN ('caseworker', 'employer_trial', 'self', 'test')", name=op.f("ck_assessments_mode_known")
        ),
        sa.CheckConstraint(
            "stage IN ('ASSESS', 'BASIC', 'EXPERT', 'FOLLOWUP', 'JOBSEARCH', 'SKILL_TRAIN', 'TARGET_TRAIN')",
            name=op.f("ck_assessments_stage_known"),
        ),
        sa.CheckConstraint("score >= 0 AND score <= 100", name=op.f("ck_assessments_score_range")),
        sa.CheckConstraint(
            "standard_error >= 0 AND standard_error <= 100", name=op.f("ck_assessments_standard_error_range")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_assessments_member_id")),
        sa.PrimaryKeyConstraint("member_id", "assessed_on", "instrument", "dimension", name=op.f("pk_assessments")),
    )
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assessments_member_id"), ["member_id"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("contacted_on", sa.Date(), nullable=False),
        sa.Column("caseworker_id", sa.String(length=64), nullable=True),
        sa.Column("result", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fair', 'home_visit', 'office', 'phone', 'sms')", name=op.f("ck_contacts_kind_known")
        ),
        sa.CheckConstraint(
            "result IN ('message_left', 'no_answer', 'reached', 'visited', 'wrong_number')",
            name=op.f("ck_contacts_result_known"),
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.household_id"], name=op.f("fk_contacts_household_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_contacts_member_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_member_id"), ["member_id"], unique=False)

    op.create_table(
        "identities",
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_identities_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_identities")),
    )
    op.create_table(
        "locks",
        sa.Column("lock_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("position_id", sa.String(length=64), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('exclude', 'hold', 'pin', 'promised')", name=op.f("ck_locks_kind_known")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_locks_member_id")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.position_id"], name=op.f("fk_locks_position_id")),
        sa.PrimaryKeyConstraint("lock_id", name=op.f("pk_locks")),
    )
    with op.batch_alter_table("locks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_locks_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_locks_position_id"), ["position_id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("notice_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "channel IN ('fair', 'home_visit', 'office', 'phone', 'sms')", name=op.f("ck_notices_channel_known")
        ),
        sa.CheckConstraint(
            "item IN ('appeal', 'breach', 'machine_assisted', 'pause', 'privacy', 'refusal', 'void')",
            name=op.f("ck_notices_item_known"),
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_notices_member_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_member_id"), ["member_id"], unique=False)

    op.create_table(
        "pairings",
        sa.Column("pairing_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("caseworker_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["caseworker_id"], ["caseworkers.caseworker_id"], name=op.f("fk_pairings_caseworker_id")
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.household_id"], name=op.f("fk_pairings_household_id")),
        sa.PrimaryKeyConstraint("pairing_id", name=op.f("pk_pairings")),
    )
    with op.batch_alter_table("pairings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pairings_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            "one_active_pairing",
            ["household_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )

    op.create_table(
        "path_records",
        sa.Column("path_record_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("entry_reason", sa.Text(), nullable=True),
        sa.Column("exit", sa.String(length=64), nullable=True),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('ASSESS', 'BASIC', 'EXPERT', 'FOLLOWUP', 'JOBSEARCH', 'SKILL_TRAIN', 'TARGET_TRAIN')",
            name=op.f("ck_path_records_stage_known"),
        ),
        sa.CheckConstraint(
            "\"exit\" IN ('next', 'placed', 'void', 'withdrawn')", name=op.f("ck_path_records_exit_known")
        ),
        sa.CheckConstraint("sessions >= 0", name=op.f("ck_path_records_sessions_range")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_path_records_member_id")),
        sa.PrimaryKeyConstraint("path_record_id", name=op.f("pk_path_records")),
    )
    with op.batch_alter_table("path_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_path_records_member_id"), ["member_id"], unique=False)

    op.create_table(
        "promises",
        sa.Column("promise_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("paused_days", sa.BigInteger(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("breach_cause", sa.Text(), nullable=True),
        sa.CheckConstraint("scope IN ('household', 'member')", name=op.f("ck_promises_scope_known")),
        sa.CheckConstraint(
            "state IN ('breached', 'met', 'met_late', 'paused', 'reopened', 'running', 'void')",
            name=op.f("ck_promises_state_known"),
        ),
        sa.CheckConstraint("due_on >= started_on", name=op.f("ck_promises_due_after_start")),
        sa.CheckConstraint("paused_days >= 0 AND paused_days <= 3660", name=op.f("ck_promises_paused_days_range")),
        sa.ForeignKeyConstraint(["household_id"], ["households.household_id"], name=op.f("fk_promises_household_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_promises_member_id")),
        sa.PrimaryKeyConstraint("promise_id", name=op.f("pk_promises")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promises_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promises_member_id"), ["member_id"], unique=False)

    op.create_table(
        "referrals",
        sa.Column("referral_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("caseworker_id", sa.String(length=64), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("p_placed", sa.Float(), nullable=True),
        sa.Column("p_stays", sa.Float(), nullable=True),
        sa.Column("rank_shown", sa.BigInteger(), nullable=True),
        sa.Column("propensity", sa.Float(), nullable=True),
        sa.Column("suitability", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_side", sa.String(length=64), nullable=True),
        sa.Column("refusal_justified", sa.String(length=64), nullable=True),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "reason_side IN ('agency', 'employer', 'member')", name=op.f("ck_referrals_reason_side_known")
        ),
        sa.CheckConstraint(
            "refusal_justified IN ('no', 'undecided', 'yes')", name=op.f("ck_referrals_refusal_justified_known")
        ),
        sa.CheckConstraint(
            "source IN ('caseworker', 'direct_train', 'fair', 'night', 'self')", name=op.f("ck_referrals_source_known")
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'attended', 'closed', 'declined', 'draft', 'expired', 'filled', 'issued', 'no_show', 'no_slip', 'offered', 'rejected', 'revoked', 'started')",
            name=op.f("ck_referrals_state_known"),
        ),
        sa.CheckConstraint("suitability IN ('failed', 'ok', 'unknown')", name=op.f("ck_referrals_suitability_known")),
        sa.CheckConstraint("p_placed >= 0 AND p_placed <= 1", name=op.f("ck_referrals_p_placed_range")),
        sa.CheckConstraint("p_stays >= 0 AND p_stays <= 1", name=op.f("ck_referrals_p_stays_range")),
        sa.CheckConstraint("propensity >= 0 AND propensity <= 1", name=op.f("ck_referrals_propensity_range")),
        sa.CheckConstraint("rank_shown >= 1", name=op.f("ck_referrals_rank_shown_range")),
        sa.CheckConstraint(
            "started_on IS NULL OR started_on >= created_on", name=op.f("ck_referrals_start_after_referral")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_referrals_member_id")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.position_id"], name=op.f("fk_referrals_position_id")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referrals")),
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referrals_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_position_id"), ["position_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            "one_open_referral_a_pair",
            ["member_id", "position_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('accepted', 'attended', 'draft', 'issued', 'offered')"),
            postgresql_where=sa.text("state IN ('accepted', 'attended', 'draft', 'issued', 'offered')"),
        )

    op.create_table(
        "suggestions",
        sa.Column("suggestion_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("p_placed", sa.Float(), nullable=False),
        sa.Column("p_stays", sa.Float(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("unknowns", sa.Text(), nullable=False),
        sa.Column("features_hash", sa.Text(), nullable=True),
        sa.Column("shown_on", sa.Date(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "action IN ('hidden', 'none', 'pinned', 'referred')", name=op.f("ck_suggestions_action_known")
        ),
        sa.CheckConstraint("p_placed >= 0 AND p_placed <= 1", name=op.f("ck_suggestions_p_placed_range")),
        sa.CheckConstraint("p_stays >= 0 AND p_stays <= 1", name=op.f("ck_suggestions_p_stays_range")),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_suggestions_rank_range")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_suggestions_member_id")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.position_id"], name=op.f("fk_suggestions_position_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_suggestions_run_id")),
        sa.PrimaryKeyConstraint("suggestion_id", name=op.f("pk_suggestions")),
    )
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestions_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestions_position_id"), ["position_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestions_run_id"), ["run_id"], unique=False)

    op.create_table(
        "trainings",
        sa.Column("training_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('certification', 'skill', 'startup', 'targeted')", name=op.f("ck_trainings_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('completed', 'dropped', 'offered', 'running')", name=op.f("ck_trainings_state_known")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_trainings_member_id")),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_trainings")),
    )
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trainings_member_id"), ["member_id"], unique=False)

    op.create_table(
        "placements",
        sa.Column("placement_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("referral_id", sa.String(length=64), nullable=True),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("contract_months", sa.BigInteger(), nullable=True),
        sa.Column("wage", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(length=64), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "evidence IN ('agreement', 'contract', 'insurance', 'licence', 'none', 'registration', 'visit')",
            name=op.f("ck_placements_evidence_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('COMMUNITY_BASE', 'DISPATCH', 'EMPLOYER', 'FLEXIBLE', 'PUBLIC_WELFARE', 'TRAINEE', 'self_employed')",
            name=op.f("ck_placements_kind_known"),
        ),
        sa.CheckConstraint(
            "contract_months >= 0 AND contract_months <= 600", name=op.f("ck_placements_contract_months_range")
        ),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name=op.f("ck_placements_end_after_start")),
        sa.CheckConstraint("wage >= 0 AND wage <= 100000000", name=op.f("ck_placements_wage_range")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_placements_member_id")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.position_id"], name=op.f("fk_placements_position_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.referral_id"], name=op.f("fk_placements_referral_id")),
        sa.PrimaryKeyConstraint("placement_id", name=op.f("pk_placements")),
    )
    with op.batch_alter_table("placements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_placements_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_placements_position_id"), ["position_id"], unique=False)

    op.create_table(
        "entitlement_uses",
        sa.Column("use_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("employer_id", sa.String(length=64), nullable=True),
        sa.Column("placement_id", sa.String(length=64), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_entitlement_uses_amount_range")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.employer_id"], name=op.f("fk_entitlement_uses_employer_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_entitlement_uses_member_id")),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.placement_id"], name=op.f("fk_entitlement_uses_placement_id")
        ),
        sa.PrimaryKeyConstraint("use_id", name=op.f("pk_entitlement_uses")),
    )
    with op.batch_alter_table("entitlement_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_uses_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entitlement_uses_member_id"), ["member_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION journal_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER journal_is_final BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_is_final()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER journal_no_{what.lower()} BEFORE {what} ON journal "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_is_final ON journal")
        op.execute("DROP FUNCTION journal_is_final()")
    with op.batch_alter_table("entitlement_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entitlement_uses_member_id"))
        batch_op.drop_index(batch_op.f("ix_entitlement_uses_employer_id"))

    op.drop_table("entitlement_uses")
    with op.batch_alter_table("placements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_placements_position_id"))
        batch_op.drop_index(batch_op.f("ix_placements_member_id"))

    op.drop_table("placements")
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trainings_member_id"))

    op.drop_table("trainings")
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suggestions_run_id"))
        batch_op.drop_index(batch_op.f("ix_suggestions_position_id"))
        batch_op.drop_index(batch_op.f("ix_suggestions_member_id"))

    op.drop_table("suggestions")
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_referral_a_pair",
            sqlite_where=sa.text("state IN ('accepted', 'attended', 'draft', 'issued', 'offered')"),
            postgresql_where=sa.text("state IN ('accepted', 'attended', 'draft', 'issued', 'offered')"),
        )
        batch_op.drop_index(batch_op.f("ix_referrals_run_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_position_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_member_id"))

    op.drop_table("referrals")
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promises_member_id"))
        batch_op.drop_index(batch_op.f("ix_promises_household_id"))

    op.drop_table("promises")
    with op.batch_alter_table("path_records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_path_records_member_id"))

    op.drop_table("path_records")
    with op.batch_alter_table("pairings", schema=None) as batch_op:
        batch_op.drop_index(
            "one_active_pairing", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_pairings_household_id"))

    op.drop_table("pairings")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_member_id"))

    op.drop_table("notices")
    with op.batch_alter_table("locks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_locks_position_id"))
        batch_op.drop_index(batch_op.f("ix_locks_member_id"))

    op.drop_table("locks")
    op.drop_table("identities")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_member_id"))
        batch_op.drop_index(batch_op.f("ix_contacts_household_id"))

    op.drop_table("contacts")
    with op.batch_alter_table("assessments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessments_member_id"))

    op.drop_table("assessments")
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeals_member_id"))

    op.drop_table("appeals")
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_positions_employer_id"))

    op.drop_table("positions")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_members_household_id"))

    op.drop_table("members")
    op.drop_table("caseworkers")
    op.drop_table("runs")
    op.drop_table("regions")
    op.drop_table("refused_rows")
    op.drop_table("leases")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_request_id"))

    op.drop_table("journal")
    op.drop_table("job_fairs")
    op.drop_table("households")
    op.drop_table("employers")
    op.drop_table("changes")
    op.drop_table("agencies")
