"""The audit: hash chains that are only added to, their checkpoints, archives of what is old, results of verifications.

Online-safe: the tables are new and nothing wrote them before. A role `va_audit_writer` that exists may add entries and
nothing else.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# An entry is its body, canonical JSON, and its MAC. All other columns are taken out of the body by the database, so
# there is one truth to verify. `at` sorts as text: RFC 3339 in UTC with six decimals.
TABLES = """
create table audit_entries (
    body text not null,
    mac bytea not null check (octet_length(mac) = 32),
    tenant_id uuid not null generated always as ((body::jsonb ->> 'tenant')::uuid) stored references tenants (id),
    chain smallint not null generated always as ((body::jsonb ->> 'chain')::smallint) stored,
    number bigint not null generated always as ((body::jsonb ->> 'number')::bigint) stored,
    key text not null generated always as (body::jsonb ->> 'key') stored,
    id uuid not null generated always as ((body::jsonb ->> 'id')::uuid) stored,
    at text collate "C" not null generated always as (body::jsonb ->> 'at') stored,
    action text not null generated always as (body::jsonb ->> 'action') stored,
    actor text not null generated always as (body::jsonb #>> '{by,sub}') stored,
    user_id text generated always as (nullif(body::jsonb #>> '{by,user}', '')) stored,
    patient text generated always as (nullif(body::jsonb ->> 'patient', '')) stored,
    primary key (tenant_id, chain, number),
    check (chain between 0 and 15 and number > 0)
);
create index audit_entries_at on audit_entries (tenant_id, at, id);
create index audit_entries_user on audit_entries (tenant_id, user_id, at) where user_id is not null;
create index audit_entries_patient on audit_entries (tenant_id, patient, at) where patient is not null;
create index audit_entries_objects on audit_entries using gin ((body::jsonb -> 'objects'));
create table audit_checkpoints (
    document text not null,
    tenant_id uuid not null
        generated always as ((document::jsonb #>> '{checkpoint,tenant}')::uuid) stored references tenants (id),
    chain smallint not null generated always as ((document::jsonb #>> '{checkpoint,chain}')::smallint) stored,
    number bigint not null generated always as ((document::jsonb #>> '{checkpoint,number}')::bigint) stored,
    first bigint not null generated always as ((document::jsonb #>> '{checkpoint,first}')::bigint) stored,
    last bigint not null generated always as ((document::jsonb #>> '{checkpoint,last}')::bigint) stored,
    anchored_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (tenant_id, chain, number)
);
create index audit_checkpoints_open on audit_checkpoints (tenant_id, chain, number) where anchored_at is null;
create table audit_archives (
    tenant_id uuid not null references tenants (id),
    chain smallint not null,
    first bigint not null,
    last bigint not null check (last >= first),
    newest text collate "C" not null,
    head bytea not null check (octet_length(head) = 32),
    digest bytea not null,
    object_key text not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, chain, first)
);
create table audit_verifications (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    ok boolean not null,
    entries bigint not null,
    result jsonb not null,
    created_at timestamptz not null default now()
);
create index audit_verifications_tenant on audit_verifications (tenant_id, id desc);
"""
TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
SERVICE = "current_setting('app.role', true) = 'service'"
OWN = "user_id = nullif(current_setting('app.owner', true), '')"

# Where the next entry of a tenant goes: the first of its chains that nobody is adding to, held until the transaction
# ends. It runs as the owner, because whoever writes entries may not read them.
CLAIM = """
create function audit_claim(tenant uuid, person uuid, chains int,
    out chain smallint, out number bigint, out mac bytea, out iss text, out sub text)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_one boolean := false;
begin
    if tenant is distinct from nullif(current_setting('app.tenant', true), '')::uuid then
        raise insufficient_privilege using message = 'another tenant';
    end if;
    chain := 0;
    while chain < chains and not found_one loop
        found_one := pg_try_advisory_xact_lock(hashtextextended('audit ' || tenant || ' ' || chain, 0));
        exit when found_one;
        chain := chain + 1;
    end loop;
    if not found_one then
        chain := floor(random() * chains);
        perform pg_advisory_xact_lock(hashtextextended('audit ' || tenant || ' ' || chain, 0));
    end if;
    select e.number, e.mac into number, mac from audit_entries e
        where e.tenant_id = tenant and e.chain = audit_claim.chain order by e.number desc limit 1;
    if number is null then
        select a.last, a.head into number, mac from audit_archives a
            where a.tenant_id = tenant and a.chain = audit_claim.chain order by a.first desc limit 1;
    end if;
    number := coalesce(number, 0);
    select u.iss, u.sub into iss, sub from users u where u.id = person and u.tenant_id = tenant;
end $$;
"""
# What is a year old and in a verified archive may leave the table; nothing else ever does.
LEAVE = """
create function audit_leave(tenant uuid, of_chain smallint, archive_first bigint) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare archive audit_archives; gone bigint;
begin
    if tenant is distinct from nullif(current_setting('app.tenant', true), '')::uuid then
        raise insufficient_privilege using message = 'another tenant';
    end if;
    select * into archive from audit_archives a
        where a.tenant_id = tenant and a.chain = of_chain and a.first = archive_first;
    if archive is null or archive.newest >= audit_oldest_kept() then
        raise insufficient_privilege using message = 'not archived, or not old enough';
    end if;
    if not exists (select 1 from audit_entries e where e.tenant_id = tenant and e.chain = of_chain
            and e.number = archive.last and e.mac = archive.head) then
        return 0;
    end if;
    delete from audit_entries e where e.tenant_id = tenant and e.chain = of_chain
        and e.number between archive.first and archive.last;
    get diagnostics gone = row_count;
    return gone;
end $$;
"""
OLDEST = """
create function audit_oldest_kept() returns text language sql stable set search_path = pg_catalog as $$
    select to_char((now() - interval '1 year') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
"""
# Grants keep the product's roles from changing entries; the triggers keep the owner of the table from it, too.
KEEP = """
create function audit_keep() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if tg_op = 'DELETE' and old.at < audit_oldest_kept() and exists (select 1 from audit_archives a
            where a.tenant_id = old.tenant_id and a.chain = old.chain and old.number between a.first and a.last) then
        return old;
    end if;
    raise insufficient_privilege using message = 'entries of the audit are kept as they are';
end $$;
"""
RULES = f"""
create trigger audit_entries_keep before update or delete on audit_entries for each row execute function audit_keep();
create trigger audit_entries_whole before truncate on audit_entries execute function audit_keep();
create policy audit_entries_add on audit_entries for insert with check ({TENANT});
create policy audit_entries_read on audit_entries for select using ({TENANT} and ({SERVICE} or {OWN}));
create policy audit_entries_claim on audit_entries for select to current_user using ({TENANT});
create policy audit_entries_leave on audit_entries for delete to current_user using ({TENANT});
create policy audit_archives_claim on audit_archives for select to current_user using ({TENANT});
create policy users_claim on users for select to current_user using ({TENANT});
grant select, insert on audit_entries, audit_archives, audit_verifications to va_app;
grant select, insert, update (anchored_at) on audit_checkpoints to va_app;
"""
FUNCTIONS = {"audit_claim": "uuid, uuid, int", "audit_leave": "uuid, smallint, bigint"}
WRITER = """
do $$ begin
    if exists (select 1 from pg_roles where rolname = 'va_audit_writer') then
        grant insert on audit_entries to va_audit_writer;
        grant execute on function audit_claim(uuid, uuid, int) to va_audit_writer;
    end if;
end $$
"""
NAMES = ("audit_entries", "audit_checkpoints", "audit_archives", "audit_verifications")


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for function in (OLDEST, CLAIM, LEAVE, KEEP):
        op.execute(function)
    for table in NAMES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        if table != "audit_entries":
            rule = f"{TENANT} and {SERVICE}"
            op.execute(f"create policy {table}_all on {table} using ({rule}) with check ({rule})")
    for rule in RULES.split(";\n"):
        if rule.strip():
            op.execute(rule)
    for name, arguments in FUNCTIONS.items():
        op.execute(f"revoke all on function {name}({arguments}) from public")
        op.execute(f"grant execute on function {name}({arguments}) to va_app")
    op.execute(WRITER)


def downgrade() -> None:
    """The record goes with its tables: only for an installation that is to be given up."""
    op.execute("drop policy users_claim on users")
    for name, arguments in FUNCTIONS.items():
        op.execute(f"drop function {name}({arguments})")
    for table in reversed(NAMES):
        op.execute(f"drop table {table} cascade")
    op.execute("drop function audit_keep()")
    op.execute("drop function audit_oldest_kept()")
