import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { USER_ZONE } from '../words/format.js'

interface PageProps {
  readonly title: string
  /** Shown to the right of the title. */
  readonly tools?: ComponentChildren
  readonly children: ComponentChildren
}

/** A page with its title, which is also the document's title. */
export function Page({ title, tools, children }: PageProps) {
  useTitle(title)
  return (
    <div class="page">
      <div class="row spread head">
        <h1>
          {title} <small>times in {USER_ZONE}</small>
        </h1>
        {tools}
      </div>
      {children}
    </div>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · outflow`
  }, [title])
}
