/**
 * Returns a function that formats numbers in English. The formatter is made at its first use: the first one of a process loads the data of
 * its locale.
 */
export function formatWith(options: Intl.NumberFormatOptions): (value: number) => string {
  let formatter: Intl.NumberFormat | undefined
  return (value) => {
    formatter ??= new Intl.NumberFormat('en', options)
    return formatter.format(value)
  }
}
