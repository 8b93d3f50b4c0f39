import fc from 'fast-check'

// A property that fails fails again: what it meets is the same in every run, unless it has a seed of its own.
fc.configureGlobal({ seed: 1 })
