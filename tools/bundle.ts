import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
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

/** The files of the page of a local world, which no build touches. */
const PAGE_FILES = ['index.html', 'page.js', 'page.css'].map((name) => `local/page/${name}`)

/**
 * Bundles the commands into a folder, whose `main.js` runs them. A bundle starts faster and needs no
 * node_modules. Each module that is imported on first need is one file beside it, so that a start
 * reads no other command, and nothing that it does not use. Files share no code: a package that
 * another one imports on first need would lose its named exports in a shared file. The licences of
 * all bundled packages are in the folder too, and the types for an owner's module.
 */
export async function bundle(folder: string): Promise<void> {
  const inputs = new Set<string>()
  const entries = new Set(['src/main.ts'])
  for (const entry of entries) {
    const later: string[] = []
    const plugins = [besideEntry(later), versionAlone]
    const { metafile } = await build({ ...OPTIONS, plugins, entryPoints: [entry], outdir: folder })
    for (const output of Object.keys(metafile.outputs)) escapeText(output)
    for (const input of Object.keys(metafile.inputs)) inputs.add(input)
    for (const module of later) entries.add(module)
  }
  assertNamesDiffer([...entries])
  writeFileSync(join(folder, 'LICENCES.txt'), licencesOf([...inputs]))
  // The types import nothing, so the file is a declaration as it stands.
  copyFileSync('src/transform/types.ts', join(folder, 'transform.d.ts'))
  // They lie as they do below the sources' main.ts, so that one path leads to them.
  for (const name of PAGE_FILES) cpSync(`src/${name}`, join(folder, name))
  // Without it, Node parses each file as CommonJS first.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
}

/**
 * Reduces our manifest to its version, all that the code reads of it. A dependency of the tests must
 * not make the service larger.
 */
const versionAlone: Plugin = {
  name: 'version alone',
  setup({ onLoad }) {
    onLoad({ filter: /package\.json$/ }, ({ path }) => {
      if (path !== resolve('package.json')) return undefined
      const { version } = JSON.parse(readFileSync(path, 'utf8'))
      return { contents: JSON.stringify({ version }), loader: 'json' }
    })
  },
}

/** Two modules of one name would be written to one file. */
function assertNamesDiffer(modules: readonly string[]): void {
  const names = modules.map((module) => basename(module))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new Error(`two modules that are loaded on first need are ${twice}`)
}

/**
 * Escapes the characters that are not ASCII. esbuild has left them in comments. With one such
 * character, Node holds the text of the whole file with two bytes a character.
 */
function escapeText(path: string): void {
  const text = readFileSync(path, 'utf8')
  const escaped = text.replace(/[^\0-\x7f]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  writeFileSync(path, escaped)
}

/** Bundles one module into a file, with all that it loads on first need. */
export async function bundleModule(entry: string, outfile: string): Promise<void> {
  await build({ ...OPTIONS, entryPoints: [entry], outfile })
}

/** Leaves our modules that the entry loads on first need to files of their own, and lists them. */
function besideEntry(modules: string[]): Plugin {
  return {
    name: 'beside the entry',
    setup(bundling) {
      bundling.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import' || resolveDir.includes('node_modules')) return undefined
        modules.push(relative('.', resolve(resolveDir, path)))
        return { path: `./${basename(path, '.ts')}.js`, external: true }
      })
    },
  }
}
