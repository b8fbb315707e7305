/** Returns the parts of a name like `projects/P/topics/T`. */
export function parseName(name: string): { project: string; id: string } {
  const [, project = '', , id = ''] = name.split('/')
  return { project, id }
}

/** Returns a resource name as a path, with its parts escaped. */
export function pathOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}
