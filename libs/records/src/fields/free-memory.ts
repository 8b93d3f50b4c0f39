/**
 * Frees the memory under an array that is not used any more, and leaves its arrays empty. Does nothing on Node 20.
 *
 * Garbage collection would free it as well, but later and at a higher cost: V8 collects the whole heap once such memory adds up to
 * some 32 MiB (docs/design/ingest.md).
 */
export function freeMemory({ buffer }: ArrayBufferView): void {
  ;(buffer as { transfer?(length: number): ArrayBuffer }).transfer?.(0)
}
