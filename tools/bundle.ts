import { build } from 'esbuild'

/**
 * Bundles the service into one file, which starts faster and needs no node_modules beside it. What
 * is loaded on first need lies in the same file and is run only then.
 */
export async function bundle(outfile: string, entry = 'src/main.ts'): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: 'linked',
    // Dependencies written in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
  })
}
