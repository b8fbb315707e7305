import { COLLECTION_FUNCTIONS } from './collections.ts'
import { CONVERSIONS } from './conversions.ts'
import type { CelFunction } from './function.ts'
import { matchesAnyPattern } from './matches.ts'
import { TEXT_FUNCTIONS } from './texts.ts'
import { TIME_FUNCTIONS } from './times.ts'

/** The functions by name. Each has one entry for each number of arguments. */
export const FUNCTIONS: ReadonlyMap<string, readonly CelFunction[]> = new Map(
  Object.entries({
    ...TEXT_FUNCTIONS,
    ...TIME_FUNCTIONS,
    ...CONVERSIONS,
    ...COLLECTION_FUNCTIONS,
    matches: [matchesAnyPattern()],
  }),
)
