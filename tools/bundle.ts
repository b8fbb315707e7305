import { build } from 'esbuild'

/** Bundles the service into one file, which starts faster and needs no node_modules beside it. */
export async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: ['src/main.ts'],
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
