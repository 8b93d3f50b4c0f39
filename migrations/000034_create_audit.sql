-- What: who changed something through the console, or tried to: what, when, and what became of it.
-- Why: the row is there before the change is made, so that no change is without one; a row that says `begun` and nothing else
--      tells of a console that died over it.
-- An older process may run beside it: the table is new.
create table outflow.audit (
  id bigint generated always as identity,
  at timestamptz not null default now(),
  actor text not null,
  role text not null,
  -- none, token, oidc
  authentication text not null,
  action text not null,
  pipeline text,
  -- what it is about: an anomaly, a model, a rule
  target text,
  detail jsonb not null,
  outcome text not null default 'begun',
  -- why not; null where it was done
  problem text,
  constraint audit_pkey primary key (id),
  constraint audit_outcome_known check (outcome in ('begun', 'done', 'failed', 'denied'))
);

create index audit_newest on outflow.audit (at desc);

create view analyst.audit as
  select id, at, actor, role, authentication, action, pipeline, target, detail, outcome, problem
  from outflow.audit;
comment on view analyst.audit is 'Who changed something through the console, or tried to.';
comment on column analyst.audit.id is 'Names the entry.';
comment on column analyst.audit.at is 'When it was asked for.';
comment on column analyst.audit.actor is 'Who asked: the token''s name, the name that the OpenID provider gave, or the user of the machine.';
comment on column analyst.audit.role is 'reader, analyst or operator: what they were then.';
comment on column analyst.audit.authentication is 'How they were known: none (on the machine itself), token or oidc.';
comment on column analyst.audit.action is 'What was asked for, such as promote or give verdict.';
comment on column analyst.audit.pipeline is 'Whose pipeline; null where it is about none.';
comment on column analyst.audit.target is 'What it is about: an anomaly, a model, a rule; null where there is none.';
comment on column analyst.audit.detail is 'What else was said, such as the reason.';
comment on column analyst.audit.outcome is
  'done; failed: it could not be done; denied: the role does not allow it; begun: the console ended over it.';
comment on column analyst.audit.problem is 'Why it was not done; null where it was.';

grant select on analyst.audit to outflow_analyst;
