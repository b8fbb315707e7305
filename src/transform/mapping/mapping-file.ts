/** A mapping file as it is written, after its structure was checked against the schema. */
export interface MappingFile {
  readonly version: 1
  readonly preset?: string | PresetChoice
  readonly rules?: readonly Rule[]
  /** The end of an event that neither the rules nor the preset know; `pass` when absent. */
  readonly otherwise?: Otherwise
  readonly privacy?: readonly PrivacyStep[]
  readonly cases?: readonly Case[]
  /** The path of a module that takes the place of the rules, relative to the file. */
  readonly module?: string
}

export type Otherwise = 'pass' | 'drop' | 'reject'

/** A preset with options of its own. */
export interface PresetChoice {
  readonly name: string
  readonly [option: string]: unknown
}

/** A rule: events that match `when` are dropped, rejected, or become the events of its shapes. */
export type Rule = RuleHead & (DropRule | RejectRule | EventsRule | Shape)

interface RuleHead {
  readonly name: string
  /** A CEL expression. A rule without one matches every event. */
  readonly when?: string
}

interface DropRule {
  readonly drop: true
}

interface RejectRule {
  /** The detail of the dead letter. */
  readonly reject: string
}

interface EventsRule {
  readonly events: readonly Shape[]
}

/** A text in which `${…}` is a CEL expression. One that stands alone keeps its type. */
export type Template = string

/** The form of one event. The keys apply in the order of their declaration. */
export interface Shape {
  /** Starts with the event that the preset makes. */
  readonly base?: 'preset'
  /** A template of a list. It makes one event for each element. */
  readonly each?: Template
  readonly event?: Template
  readonly distinct_id?: Template
  readonly user_id?: Template
  readonly device_id?: Template
  readonly time?: Template
  readonly insert_id?: Template
  readonly groups?: Readonly<Record<string, Template>>
  readonly properties?: PropertiesShape
}

export interface PropertiesShape {
  readonly from?: Template
  readonly pick?: readonly string[]
  readonly omit?: readonly string[]
  readonly flatten?: number
  readonly rename?: Readonly<Record<string, string>>
  /** Names of attributes; a `*` stands for any characters. */
  readonly attributes?: readonly string[]
  /** Values that are no text stand for themselves. */
  readonly set?: Readonly<Record<string, unknown>>
}

/** One step of the privacy section. Paths start at the properties. */
export type PrivacyStep = Readonly<
  | { remove: readonly string[] }
  /** `key` is the name of the environment variable that holds the key. */
  | { hash: 'ids' | readonly string[]; key: string }
  | { mask: Readonly<Record<string, number>> }
  | { truncate: Readonly<Record<string, number>> }
  | { ip: 'drop' | 'keep' | 'geo' }
>

/** A test of the mapping. */
export interface Case {
  readonly name: string
  readonly message?: CaseMessage
  /** Absent for a message without data. */
  readonly input?: unknown
  readonly expect: readonly unknown[] | { readonly reject: string }
}

export interface CaseMessage {
  readonly messageId?: string
  readonly publishTime?: string
  readonly subscription?: string
  readonly orderingKey?: string
  readonly attributes?: Readonly<Record<string, string>>
}
