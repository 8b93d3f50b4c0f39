import fc from 'fast-check'

// The cases of a property are the same in every run, so that a failure is reproducible. A property may set its own seed.
fc.configureGlobal({ seed: 1 })
