import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Prints the packages that the service runs with, as CycloneDX. `npm sbom --omit=dev` leaves out what a
// package to develop with needs, too, such as ajv and yaml. So npm gets a manifest and a lock file that
// have no packages to develop with. It takes the name of the whole from the folder.

const manifest = readJson('package.json')
const lock = readJson('package-lock.json')
const folder = mkdtempSync(join(tmpdir(), 'sbom-'))
try {
  const place = join(folder, manifest.name)
  mkdirSync(place)
  writeJson(join(place, 'package.json'), withoutDev(manifest))
  writeJson(join(place, 'package-lock.json'), { ...lock, packages: runtimePackages() })
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
  const { status } = spawnSync('npm', args, { cwd: place, stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}

function runtimePackages(): object {
  const { '': root, ...packages } = lock.packages
  const kept = Object.entries(packages).filter(([, entry]) => Object(entry).dev !== true)
  return { '': withoutDev(root), ...Object.fromEntries(kept) }
}

function withoutDev({ devDependencies: _, ...rest }: Record<string, unknown>): object {
  return rest
}

function readJson(path: string) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, JSON.stringify(value))
}
