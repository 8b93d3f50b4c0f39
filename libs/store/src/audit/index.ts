export { type AuditEntry, beginAudit, endAudit } from './audit.js'
