-- What: one row that names this database.
-- Why: the relay's position lives in Kafka; with this id in its group name, a fresh database beside an old broker does
--      not take over the old one's position and skip alerts that were never sent.
-- An older process may run beside it: there is none.
create table outflow.database_identity (
  only_row boolean not null default true,
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default now(),
  constraint database_identity_pkey primary key (only_row),
  constraint database_identity_one_row check (only_row)
);

insert into outflow.database_identity default values;
