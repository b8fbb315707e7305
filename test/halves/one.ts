import { loadHalf } from '../helpers/load-half.ts'

await loadHalf(0)
