import { rmSync } from 'node:fs'
import { bundle } from './bundle.ts'

// An earlier build may hold a command that is no more.
rmSync('dist', { recursive: true, force: true })
await bundle('dist')
