import type { ASTNode } from '@marcbachmann/cel-js'
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { callPart } from './call.ts'
import { type Context, isMessage } from './context.ts'
import { isEqual } from './equality.ts'
import { createSite, ExpressionError, type Site } from './expression-error.ts'
import { Fault } from './fault.ts'
import { text, unexpected } from './functions/function.ts'
import { either, truthOf } from './logic.ts'
import { checkMessageKey, type Place, variablePart } from './names.ts'
import { isNumber } from './numbers.ts'
import { operationOf } from './operators.ts'
import { constantPart, newFrame, type Part, type Run, spend } from './part.ts'
import { memberOf, selectionOf } from './selection.ts'

const NO_EVENT = { data: null, attributes: null, message: null, line: 0 }
const MOST_INTEGER = 2n ** 63n

/** A syntax tree with a part for each of its nodes. */
export interface Compiled {
  readonly tree: ASTNode
  readonly root: Part
  readonly parts: ReadonlyMap<ASTNode, Part>
}

/** Compiles a syntax tree, or throws a `Fault`. Parts without variables are worked out at once. */
export function compileTree(tree: ASTNode, place: Place): Compiled {
  const parts = new Map<ASTNode, Part>()
  const root = compile(tree, { place, locals: [], isInMacro: false, parts, compile })
  return { tree, root, parts }
}

function compile(node: ASTNode, context: Context): Part {
  const site = createSite(node.input.slice(node.start, node.end))
  const part = partOf(node, site, context)
  const settled = hasConstantChildren(node, context) ? workedOut(part, node) : part
  context.parts.set(node, settled)
  return settled
}

/** The variable of a macro has no part, so a macro is never constant. */
function hasConstantChildren(node: ASTNode, { parts }: Context): boolean {
  const children = childrenOf(node)
  return children.length > 0 && children.every((child) => parts.get(child)?.constant !== undefined)
}

/** An error of a part without variables is one of every event: the mapping must not load. */
function workedOut({ run }: Part, { start }: ASTNode): Part {
  try {
    return constantPart(run(newFrame(NO_EVENT)))
  } catch (error) {
    if (error instanceof ExpressionError) throw new Fault(error.message, start)
    throw error
  }
}

function partOf(node: ASTNode, site: Site, context: Context): Part {
  const run = (inner: ASTNode): Run => context.compile(inner, context).run
  switch (node.op) {
    case 'value':
      return constantPart(literalOf(node.args, node.start))
    case 'id':
      return identifierPart(node.args, node.start, context)
    case '.':
      return keyPart(node.args, node, context)
    case '[]':
      return indexPart(node.args, context)
    case 'call':
      return callPart({ node, name: node.args[0], args: node.args[1] }, site, context)
    case 'rcall': {
      const [name, receiver, args] = node.args
      return callPart({ node, name, receiver, args }, site, context)
    }
    case 'list':
      return { run: listRun(node.args.map(run), site) }
    case 'map':
      return {
        run: mapRun(
          node.args.map(([key, value]) => [run(key), run(value)]),
          site,
        ),
      }
    case '?:':
      return { run: choiceRun([run(node.args[0]), run(node.args[1]), run(node.args[2])], site) }
    case '||':
    case '&&':
      return { run: either([run(node.args[0]), run(node.args[1])], node.op === '||', site) }
    case '!_':
      return { run: notRun(run(node.args), site) }
    case '-_':
      return { run: minusRun(run(node.args), site) }
    case '.?':
    case '[?]':
      throw new Fault('an absent key is null already; leave out the `?`', node.start)
    default:
      return { run: operatorRun(node.op, [run(node.args[0]), run(node.args[1])], site) }
  }
}

function literalOf(value: unknown, offset: number): unknown {
  const literal = value instanceof UnsignedInt ? value.value : value
  if (typeof literal === 'bigint' && literal > MOST_INTEGER) {
    throw new Fault('the number has more than 64 bits', offset)
  }
  return literal
}

function identifierPart(name: string, offset: number, { place, locals }: Context): Part {
  const depth = locals.lastIndexOf(name)
  if (depth !== -1) return { run: ({ locals: values }) => values[depth] }
  return variablePart(name, place, { locals, offset })
}

function keyPart([whole, key]: readonly [ASTNode, string], node: ASTNode, context: Context): Part {
  if (isMessage(whole, context)) checkMessageKey(key, node.pos)
  return selected(context.compile(whole, context), key)
}

function indexPart([whole, key]: readonly [ASTNode, ASTNode], context: Context): Part {
  const part = context.compile(whole, context)
  const index = context.compile(key, context)
  const constant = index.constant?.value
  if (typeof constant === 'string') {
    if (isMessage(whole, context)) checkMessageKey(constant, key.start)
    return selected(part, constant)
  }
  const run: Run = (frame) => memberOf(part.run(frame), index.run(frame))
  return part.isOfEvent ? { run, isOfEvent: true } : { run }
}

function selected({ run, isOfEvent }: Part, key: string): Part {
  const selection = { run: selectionOf(run, key) }
  return isOfEvent ? { ...selection, isOfEvent } : selection
}

function listRun(elements: readonly Run[], site: Site): Run {
  return function list(frame) {
    spend(frame, elements.length * 5, site)
    return elements.map((element) => element(frame))
  }
}

function mapRun(members: readonly (readonly [Run, Run])[], site: Site): Run {
  return function map(frame) {
    spend(frame, members.length * 100, site)
    return Object.fromEntries(members.map(([key, value]) => [text(key(frame), site), value(frame)]))
  }
}

function choiceRun([condition, one, other]: readonly [Run, Run, Run], site: Site): Run {
  return (frame) => (truthOf(condition(frame), site) ? one(frame) : other(frame))
}

function notRun(run: Run, site: Site): Run {
  return (frame) => !truthOf(run(frame), site)
}

function minusRun(run: Run, site: Site): Run {
  return function minus(frame) {
    const value = run(frame)
    if (isNumber(value)) return -value
    throw unexpected(value, 'a number', site)
  }
}

function operatorRun(operator: string, sides: readonly [Run, Run], site: Site): Run {
  const [one, other] = sides
  if (operator === '==') return equalityRun(sides, site)
  const operate = operationOf(operator)
  return (frame) => operate(one(frame), other(frame), { frame, site })
}

/** The key that a rule compares is absent from many events. */
function equalityRun([one, other]: readonly [Run, Run], site: Site): Run {
  return function equal(frame) {
    const left = one(frame)
    const right = other(frame)
    if (left === null || right === null) return left === right
    return isEqual(left, right, { frame, site })
  }
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    case '!_':
    case '-_':
      return [node.args]
    default:
      return node.args
  }
}
