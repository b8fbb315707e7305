import { isInvalidMapping } from '../transform/mapping/invalid-mapping.ts'
import { UserMistakes } from './frame/io.ts'

/** Makes the mistakes in a mapping file those of the user, who reads them line by line. */
export async function asUserMistakes<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading
  } catch (error) {
    if (!isInvalidMapping(error)) throw error
    throw new UserMistakes(error.message, { cause: error })
  }
}
