import type { ASTNode } from '@marcbachmann/cel-js'
import { nearest } from '../../../lib/nearest.ts'
import { type Context, isMessage } from './context.ts'
import type { Site } from './expression-error.ts'
import { Fault } from './fault.ts'
import type { CelFunction } from './functions/function.ts'
import { FUNCTIONS } from './functions/functions.ts'
import { matchesPattern } from './functions/matches.ts'
import { MACROS, macroRun } from './macros.ts'
import { checkMessageKey } from './names.ts'
import type { Part, Run } from './part.ts'
import { hasMember } from './selection.ts'

/** A call as it is written: `name(args)`, or `receiver.name(args)`. */
export interface Call {
  readonly node: ASTNode
  readonly name: string
  readonly receiver?: ASTNode
  readonly args: readonly ASTNode[]
}

/** The work of one part in one turn of a macro. */
const PART_WORK = 15

/** The calls that are no functions and no macros, and how they are written. */
const OWN: Readonly<Record<string, string>> = {
  has: 'has(data.email)',
  bind: 'cel.bind(x, value, expression)',
}

/** Compiles a call of a function or macro, or throws a `Fault`. */
export function callPart(call: Call, site: Site, context: Context): Part {
  const { name, receiver } = call
  if (name === 'has' && receiver === undefined) return hasPart(call, context)
  if (name === 'bind' && isCel(receiver)) return bindPart(call, context)
  if (receiver !== undefined && Object.hasOwn(MACROS, name)) {
    return macroPart({ ...call, receiver }, site, context)
  }
  return functionPart(call, site, context)
}

function functionPart(call: Call, site: Site, context: Context): Part {
  const { name, receiver, args } = call
  const given = receiver === undefined ? args : [receiver, ...args]
  const found = functionOf(call, given.length)
  const parts = given.map((node) => context.compile(node, context))
  const [, pattern] = parts
  if (name === 'matches' && pattern?.constant !== undefined) {
    const matches = patternFunction(pattern.constant.value, given[1] ?? call.node)
    return { run: applied(matches, parts.slice(0, 1), site) }
  }
  return { run: applied(found, parts, site) }
}

/** A pattern that is written in the mapping is compiled once. */
function patternFunction(pattern: unknown, { start }: ASTNode): CelFunction {
  const matches = typeof pattern === 'string' ? matchesPattern(pattern) : 'a pattern is a text'
  if (typeof matches === 'string') throw new Fault(matches, start)
  return matches
}

function isCel(node: ASTNode | undefined): boolean {
  return node?.op === 'id' && node.args === 'cel'
}

function functionOf({ name, node }: Call, arity: number): CelFunction {
  const overloads = FUNCTIONS.get(name)
  if (overloads === undefined) throw unknownFunction(name, node)
  const found = overloads.find((one) => one.arity === arity)
  if (found !== undefined) return found
  const arities = overloads.map((one) => one.arity).join(' or ')
  throw new Fault(`\`${name}\` takes ${arities} values, and ${arity} are given`, node.start)
}

function unknownFunction(name: string, node: ASTNode): Fault {
  const form = formOf(name)
  if (form !== undefined) return new Fault(`write \`${form}\` for \`${name}\``, node.start)
  const meant = nearest(name, [...FUNCTIONS.keys(), ...Object.keys(MACROS), ...Object.keys(OWN)])
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return new Fault(`the function \`${name}\` is not known${hint}`, node.start)
}

/** Returns how a name is written that stands in another form; `undefined` for an unknown name. */
function formOf(name: string): string | undefined {
  if (Object.hasOwn(MACROS, name)) return `list.${name}(x, expression)`
  return Object.hasOwn(OWN, name) ? OWN[name] : undefined
}

function applied({ ofNull, apply }: CelFunction, args: readonly Part[], site: Site): Run {
  return function call(frame) {
    const values: unknown[] = []
    for (const arg of args) {
      const value = arg.run(frame)
      if (value === null) return ofNull
      values.push(value)
    }
    return apply(values, { frame, site })
  }
}

/** A key is present even when its value is null. */
function hasPart({ node, args: [selection, ...more] }: Call, context: Context): Part {
  if (more.length > 0 || (selection?.op !== '.' && selection?.op !== '[]')) {
    throw new Fault('`has` takes a key: has(data.email) or has(data["e-mail"])', node.start)
  }
  const [whole, key] = selection.args
  const { run } = context.compile(whole, context)
  if (typeof key === 'string') {
    if (isMessage(whole, context)) checkMessageKey(key, selection.pos)
    return { run: (frame) => hasMember(run(frame), key) }
  }
  const index = context.compile(key, context).run
  return { run: (frame) => hasMember(run(frame), index(frame)) }
}

function bindPart({ node, args: [variable, value, body] }: Call, context: Context): Part {
  if (variable?.op !== 'id' || value === undefined || body === undefined) {
    throw new Fault('`cel.bind` takes a name, a value and an expression', node.start)
  }
  const depth = context.locals.length
  const bound = context.compile(value, context).run
  const locals = [...context.locals, variable.args]
  const { run } = context.compile(body, { ...context, locals })
  return {
    run(frame) {
      frame.locals[depth] = bound(frame)
      return run(frame)
    },
  }
}

function macroPart(
  { node, name, receiver, args: [variable, ...bodies] }: Call & { readonly receiver: ASTNode },
  site: Site,
  context: Context,
): Part {
  if (context.isInMacro) {
    throw new Fault(`\`${name}\` stands inside another loop; one level is the most`, node.start)
  }
  const macro = MACROS[name]?.find((one) => one.bodies === bodies.length)
  if (macro === undefined || variable?.op !== 'id') {
    throw new Fault(`\`${name}\` takes a name and an expression: list.${name}(x, …)`, node.start)
  }
  const list = context.compile(receiver, context)
  const before = context.parts.size
  const locals = [...context.locals, variable.args]
  const inner = { ...context, locals, isInMacro: true }
  const parts = bodies.map((body) => context.compile(body, inner))
  const work = (1 + context.parts.size - before) * PART_WORK
  return { run: macroRun(macro, [list, ...parts], { depth: context.locals.length, work, site }) }
}
