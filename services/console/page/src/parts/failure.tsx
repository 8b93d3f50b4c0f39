/** Why an action failed; nothing where it did not. */
export function Failure({ text }: { readonly text: string | null }) {
  if (text === null) return null
  return (
    <p class="failure" role="alert">
      {text}
    </p>
  )
}
