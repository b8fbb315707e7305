import { writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { licencesOf } from './licences.ts'

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  metafile: true,
  // Dependencies written in CommonJS call require.
  banner: {
    js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
  },
} as const satisfies BuildOptions

/**
 * Bundles the commands into a folder, whose `main.js` runs them. A bundle starts faster and needs no
 * node_modules. Each command is one file beside it, so that a start reads no other command. Files
 * share no code: a package that another one imports on first need would lose its named exports in
 * a shared file. The licences of all bundled packages are in the folder too.
 */
export async function bundle(folder: string): Promise<void> {
  const commands = new Set<string>()
  const plugins = [besideMain(commands)]
  const main = await build({ ...OPTIONS, plugins, entryPoints: ['src/main.ts'], outdir: folder })
  const rest = await build({ ...OPTIONS, entryPoints: [...commands], outdir: folder })
  const inputs = [main, rest].flatMap(({ metafile }) => Object.keys(metafile.inputs))
  writeFileSync(join(folder, 'LICENCES.txt'), licencesOf(inputs))
  // Without it, Node parses each file as CommonJS first.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
}

/** Bundles one module into a file, with all that it loads on first need. */
export async function bundleModule(entry: string, outfile: string): Promise<void> {
  await build({ ...OPTIONS, entryPoints: [entry], outfile })
}

/** Leaves the modules that `main.ts` loads on first need to files of their own, and collects them. */
function besideMain(modules: Set<string>): Plugin {
  return {
    name: 'beside main.js',
    setup(bundling) {
      bundling.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined
        modules.add(resolve(resolveDir, path))
        return { path: `./${basename(path, '.ts')}.js`, external: true }
      })
    },
  }
}
