import { globSync, readFileSync } from 'node:fs'

/**
 * Returns the licence texts of the packages in a bundle, one after the other. `inputs` are the
 * paths of the bundled files. A package without a licence text is listed with its licence and its
 * home.
 */
export function licencesOf(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap(packageFolderOf))
  return [...folders].sort().map(licenceIn).join('\n')
}

/** The path of the innermost package of a file: `node_modules/a/node_modules/@b/c`. */
function packageFolderOf(path: string): readonly string[] {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []
}

function licenceIn(folder: string): string {
  const { name, version, license, homepage } = JSON.parse(
    readFileSync(`${folder}/package.json`, 'utf8'),
  )
  const files = globSync('{LICEN[CS]E,COPYING,licen[cs]e,NOTICE}*', { cwd: folder }).sort()
  const texts = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim())
  const rule = '='.repeat(80)
  return [
    rule,
    `${name} ${version} (${license}) ${homepage ?? ''}`.trim(),
    rule,
    ...texts,
    '',
  ].join('\n\n')
}
