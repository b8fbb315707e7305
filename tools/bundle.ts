import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { licencesOf } from './licences.ts'

/**
 * Bundles the service into one file, which starts faster and needs no node_modules. Modules that
 * the service loads on first need are in the same file and run only then. The licences of all
 * bundled packages are written beside it.
 */
export async function bundle(outfile: string, entry = 'src/main.ts'): Promise<void> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    metafile: true,
    // Dependencies written in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
  })
  writeFileSync(join(dirname(outfile), 'LICENCES.txt'), licencesOf(Object.keys(metafile.inputs)))
}
