/** The entity of a windowed feature for which all records of a partition are one entity. */
export const PARTITION = 'partition'
