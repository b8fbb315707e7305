import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTransform, type Transform } from './transform.ts'
import type { TransformEvent } from './types.ts'

/**
 * Loads the owner's module, `.js` or `.mjs`; a relative path counts from the working folder.
 * Rejects with an error that says what to do when it cannot be loaded or exports no function.
 */
export async function loadTransform(path: string): Promise<Transform> {
  if (!['.js', '.mjs'].includes(extname(path))) {
    throw new Error(`TRANSFORM ${path} must be a JavaScript module, .js or .mjs`)
  }
  const exported = await defaultExportOf(path)
  if (isTransformEvent(exported)) return createTransform(exported)
  const found = exported === undefined ? 'nothing' : `a value of type ${typeof exported}`
  throw new Error(
    `TRANSFORM ${path} must export a function (input, context) => event as its default, ` +
      `but exports ${found}`,
  )
}

async function defaultExportOf(path: string): Promise<unknown> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
    return module.default
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it throws while it loads'
    throw new Error(`TRANSFORM ${path} cannot be loaded: ${why}`, { cause: error })
  }
}

function isTransformEvent(value: unknown): value is TransformEvent {
  return typeof value === 'function'
}
