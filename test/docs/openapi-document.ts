import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'

/** As much of an OpenAPI document as the tests look at. */
interface OpenApi {
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Response> }>>
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly responses: Record<string, Response>
  }
}
interface Schema {
  readonly properties?: Record<string, { readonly items?: { readonly enum: unknown } }>
}
interface Response {
  readonly $ref?: string
  readonly headers?: Record<string, unknown>
  readonly content?: Record<string, { readonly schema: object }>
}

/** One status of one route, as `openapi.yaml` has it. */
export interface DeclaredAnswer {
  /** `POST /push` */
  readonly route: string
  readonly status: number
  /** Lower-case names. */
  readonly headers: readonly string[]
  /** Absent when the answer has no body. */
  readonly mediaType: string | undefined
  /** The codes its problem may have; one empty code when it is no problem. */
  readonly codes: readonly string[]
  /** Whether a body, parsed, is what it should be. */
  readonly fits: (body: unknown) => boolean
}

const document: OpenApi = parse(
  readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'),
)
const ajv = new Ajv2020({ strict: false }).addSchema({ ...document, $id: 'openapi' })

export const { info, components } = document

export const DECLARED: readonly DeclaredAnswer[] = Object.entries(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).map(([status, response]) =>
        declaredAnswer(`${method.toUpperCase()} ${path}`, Number(status), response),
      ),
    ),
)

/** Every title, summary and description of the document. */
export const TEXTS_FOR_PEOPLE: readonly string[] = textsOf(document)

/** Whether a value, parsed, is as the schema has it; its references count from the document's root. */
export function fitsSchema(schema: object): (value: unknown) => boolean {
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')))
  return (value) => validate(value) === true
}

function declaredAnswer(route: string, status: number, { $ref, ...own }: Response): DeclaredAnswer {
  const response = document.components.responses[$ref?.split('/').at(-1) ?? ''] ?? own
  const [mediaType, content] = Object.entries(response.content ?? {})[0] ?? []
  return {
    route,
    status,
    headers: Object.keys(response.headers ?? {}).map((name) => name.toLowerCase()),
    mediaType,
    codes: codesIn(content?.schema),
    fits: content ? fitsSchema(content.schema) : (body) => body === undefined,
  }
}

function codesIn(schema: object | undefined): readonly string[] {
  const [, codes] = /"code":\{"enum":(\[[^\]]*\])/.exec(JSON.stringify(schema ?? {})) ?? []
  return codes === undefined ? [''] : JSON.parse(codes)
}

function textsOf(node: object): readonly string[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (typeof value === 'object' && value !== null) return textsOf(value)
    return /^(title|summary|description)$/.test(key) && typeof value === 'string' ? [value] : []
  })
}
