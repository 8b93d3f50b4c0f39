export {
  AnomalyUnknown,
  FIX_OF_POOLER,
  MigrationChanged,
  MigrationsPending,
  ModelDamaged,
  ModelUnknown,
  NoEarlierModel,
  OutboxRewound,
  PositionMoved,
  StatementCancelled,
  StoredValueDamaged,
  StoreRefused,
  StoreUnavailable,
  ValueRefused,
} from './connection/errors.js'
export { isLed, keepLeading, type Leadership, withLeadership } from './connection/leadership.js'
export { type Listener, type ListenerOptions, listen } from './connection/listen.js'
export { migrate, migrationStatus, postgresCheck, writableCheck } from './connection/migrate.js'
export {
  type Client,
  inTransaction,
  isPooled,
  openPool,
  type Pool,
  type Queryable,
  withClient,
  withReadOnlyTransaction,
  withTransaction,
} from './connection/pool.js'
export { storeTime } from './connection/store-time.js'
