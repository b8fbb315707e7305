import fc from 'fast-check'

// Every run uses the same examples, so that chance does not decide a mutant's fate.
fc.configureGlobal({ seed: 1 })
