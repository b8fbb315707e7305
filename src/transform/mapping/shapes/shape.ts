import type { PresetResult } from '../../presets/preset.ts'
import type { MixpanelEvent } from '../../types.ts'
import type { MappingPath, Scope } from '../compiled-mapping.ts'
import type { Compiler } from '../compiler.ts'
import { typeOf } from '../mapping-fault.ts'
import type { Shape } from '../mapping-file.ts'
import { compileIdentity } from './identity.ts'
import { compileProperties } from './properties.ts'
import { copyOf } from './record.ts'

/** A shape that is ready to run. */
export interface CompiledShape {
  /** Whether it starts with the events that the preset makes. */
  readonly hasBase: boolean
  /**
   * Passes the events to `take`, one for each element of `each` or event of the preset. Throws a
   * `MappingFault`.
   */
  make(scope: Scope, base: PresetResult, take: (event: MixpanelEvent) => void): void
}

const NOTHING: MixpanelEvent = { event: '', properties: {} }

/** Compiles one shape. */
export function compileShape(shape: Shape, path: MappingPath, outer: Compiler): CompiledShape {
  const compiler = shape.each === undefined ? outer : outer.underEach()
  const hasBase = shape.base !== undefined
  if (hasBase && shape.each !== undefined) {
    compiler.report({ path: [...path, 'each'], text: 'cannot stand beside base' })
  }
  const start = hasBase ? 'base' : shape.each === undefined ? 'data' : 'item'
  const name = shape.event === undefined ? undefined : nameIn(shape.event, path, compiler)
  const each = shape.each === undefined ? undefined : itemsIn(shape.each, path, outer)
  const properties = shape.properties ?? {}
  const steps = [
    ...compileProperties(properties, [...path, 'properties'], { start, compiler }),
    ...compileIdentity(shape, path, compiler),
  ]

  const unknownBase = compiler.faultsAt([...path, 'base'])

  return { hasBase, make }

  function make(scope: Scope, base: PresetResult, take: (event: MixpanelEvent) => void): void {
    if (hasBase) {
      for (const event of eventsIn(base)) take(eventOf(scope, event))
    } else if (each === undefined) take(eventOf(scope, NOTHING))
    else {
      for (const [index, item] of each(scope).entries()) {
        take(eventOf({ ...scope, item, index }, NOTHING))
      }
    }
  }

  function eventsIn(base: PresetResult): readonly MixpanelEvent[] {
    if (base.kind === 'unknown') throw unknownBase('error', 'the preset does not know the input')
    return base.kind === 'events' ? base.events : []
  }

  function eventOf(scope: Scope, base: MixpanelEvent): MixpanelEvent {
    const event = name === undefined ? base.event : name(scope)
    let made = copyOf(base.properties)
    for (const step of steps) made = step(made, scope)
    return { event, properties: made }
  }
}

function nameIn(text: string, path: MappingPath, compiler: Compiler): (scope: Scope) => string {
  const at = [...path, 'event']
  const read = compiler.needed(text, at)
  const fault = compiler.faultsAt(at)
  return (scope) => {
    const name = read(scope)
    if (typeof name === 'string') return name
    throw fault('error', `the name is ${typeOf(name)}, not a text`)
  }
}

/** Compiles a list. Null is an empty one. */
function itemsIn(
  text: string,
  path: MappingPath,
  compiler: Compiler,
): (scope: Scope) => readonly unknown[] {
  const at = [...path, 'each']
  const read = compiler.alone(text, at)
  const fault = compiler.faultsAt(at)
  return (scope) => {
    const list: unknown = read(scope)
    if (list === null) return []
    if (Array.isArray(list)) return list
    throw fault('error', `the value is ${typeOf(list)}, not a list`)
  }
}
