/**
 * The exponential mean of where weights were, for steps that circle around what they seek: the mean lies nearer to it than
 * any of them.
 *
 * @see Polyak & Juditsky 1992, Acceleration of stochastic approximation by averaging; Kingma & Ba 2015, § 7.2, for the exponential form
 */
export function averagedWeights(parameters: Float32Array) {
  const mean = parameters.slice()
  return {
    /** Takes the weights as they now are into the mean. */
    see: (): void => {
      for (let at = 0; at < mean.length; at++) mean[at]! += NEWEST * (parameters[at]! - mean[at]!)
    },
    /** Has the mean stand in the place of the weights while this is done. */
    during: <T>(act: () => T): T => {
      const own = parameters.slice()
      parameters.set(mean)
      try {
        return act()
      } finally {
        parameters.set(own)
      }
    },
  }
}

/** Of the mean: it is as of a hundred steps. */
const NEWEST = 0.01
