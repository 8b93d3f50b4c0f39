import { z } from 'zod'

/** The kinds of normalizing flow that a model may be. */
export const modelKindSchema = z.enum(['realnvp', 'glow', 'spline'])
