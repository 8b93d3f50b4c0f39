interface ChoiceProps {
  /** For screen readers. */
  readonly label: string
  readonly value: string
  readonly of: readonly (readonly [value: string, words: string])[]
  readonly onValue: (value: string) => void
}

/** A drop-down list, whose first words state what is chosen. */
export function Choice({ label, value, of, onValue }: ChoiceProps) {
  return (
    <label>
      <span class="unseen">{label}</span>
      <select value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {of.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
