/**
 * Exponential moving average of the weights: stochastic steps oscillate around an optimum, and their mean is closer to it.
 *
 * @see Polyak & Juditsky 1992, Acceleration of stochastic approximation by averaging; Kingma & Ba 2015, § 7.2, for the exponential form
 */
export function averagedWeights(parameters: Float32Array) {
  const mean = parameters.slice()
  return {
    /** Adds the current weights to the mean. */
    add: (): void => {
      for (let at = 0; at < mean.length; at++) mean[at]! += NEWEST * (parameters[at]! - mean[at]!)
    },
    /** Runs a function with the mean in place of the weights. */
    withMean: <T>(act: () => T): T => {
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

/** Decay of the mean: an average over about 100 steps. */
const NEWEST = 0.01
