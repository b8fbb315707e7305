import { writeFileSync } from 'node:fs'
import { MAPPING_SCHEMA } from '../src/transform/mapping/reading/mapping-schema.ts'

/** Writes the JSON schema of a mapping file, which editors read. */
writeFileSync(
  new URL('../docs/mapping.schema.json', import.meta.url),
  `${JSON.stringify(MAPPING_SCHEMA, undefined, 2)}\n`,
)
