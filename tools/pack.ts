import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const MANIFEST = 'package.json'
/** Holds the manifest of the repository while npm packs. */
const ASIDE = 'package.json.aside'

const { positionals } = parseArgs({ allowPositionals: true })
// A run that was killed has left the manifest aside.
if (existsSync(ASIDE)) renameSync(ASIDE, MANIFEST)
if (positionals[0] === 'before') {
  await import('./build.ts')
  writeManifestOfPackage()
}

/**
 * Writes the manifest of the package. The bundle holds its dependencies, so an install fetches
 * none. The two scripts stay, so that the next `npm pack` mends the manifest after a kill.
 */
function writeManifestOfPackage(): void {
  const { name, version, description, license, type, engines, bin, exports, files, scripts } =
    JSON.parse(readFileSync(MANIFEST, 'utf8'))
  const { prepack, postpack } = scripts
  const about = { name, version, description, license, type, engines, bin, exports, files }
  renameSync(MANIFEST, ASIDE)
  const manifest = { ...about, scripts: { prepack, postpack } }
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
}
