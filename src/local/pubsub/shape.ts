/** The rule for one field of an object. */
export type FieldRule = Readonly<
  | { kind: 'any' }
  | { kind: 'value'; holds: (value: unknown) => boolean; says: string }
  | { kind: 'object'; fields: Shape }
  | { kind: 'required'; rule: FieldRule }
>

/** The fields an object may have. */
export type Shape = Readonly<{ [field: string]: FieldRule }>

export function required(rule: FieldRule): FieldRule {
  return { kind: 'required', rule }
}

/** The first fault of an object, in Google's words; `undefined` when there is none. */
export function shapeFault(given: unknown, fields: Shape, path: string): string | undefined {
  if (!isObject(given)) return `Invalid value at '${path}': must be an object.`
  const values = new Map(Object.entries(given))
  const stranger = [...values.keys()].find((name) => !Object.hasOwn(fields, name))
  if (stranger !== undefined) return `Unknown name "${stranger}" at '${path}': Cannot find field.`
  for (const [name, rule] of Object.entries(fields)) {
    const fault = fieldFault(values.get(name), rule, `${path}.${name}`)
    if (fault !== undefined) return fault
  }
  return undefined
}

function fieldFault(value: unknown, rule: FieldRule, path: string): string | undefined {
  switch (rule.kind) {
    case 'any':
      return undefined
    case 'required':
      if (value === undefined) return `Missing required field '${path}'.`
      return fieldFault(value, rule.rule, path)
    case 'object':
      return value === undefined ? undefined : shapeFault(value, rule.fields, path)
    case 'value':
      if (value === undefined || rule.holds(value)) return undefined
      return `Invalid value at '${path}': must be ${rule.says}.`
  }
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
