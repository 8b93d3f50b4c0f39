/** An entity whose records are aggregated by windowed features. */
export interface EntityName {
  /** Path of the entity in the record, `key`: the message key, or `partition` */
  readonly by: string
  readonly entity: string
}

/** The window state of an entity, as bytes for the store. */
export interface EntityState extends EntityName {
  readonly state: Uint8Array
}
