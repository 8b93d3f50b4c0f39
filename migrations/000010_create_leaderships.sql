-- What: which session of Postgres leads a task, such as the relay of a pipeline.
-- Why: an advisory lock can be taken by every role that may connect, so a reader could keep all relays from leading. A row
--      of this table can be written by its owner only. The leadership ends with the session: no clock decides.
-- An older process may run beside it: the table is new.
create table outflow.leaderships (
  name text not null,
  database_oid oid not null,
  pid integer not null,
  backend_start timestamptz not null,
  constraint leaderships_pkey primary key (name)
);
