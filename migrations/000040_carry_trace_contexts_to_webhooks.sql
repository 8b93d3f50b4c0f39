-- What: the W3C trace context of an event that webhooks are sent.
-- Why: who is called by a webhook may go on with the trace that led to the alert, as who reads it from Kafka may.
-- An older process may run beside it: what it queues has no trace context, and what it posts does not tell of one.
alter table outflow.webhook_deliveries add column traceparent text;
alter table outflow.webhook_dead_letters add column traceparent text;
