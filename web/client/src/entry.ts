/** Everything else comes after the text: nothing is run, and nothing large compiled, before it has been painted. */

/** A page in the background, and a browser that says nothing about itself, never tell that they have painted. */
const PAINT_MS_MAX = 1000

await new Promise<unknown>((painted) => {
  new PerformanceObserver(painted).observe({ type: 'paint', buffered: true })
  setTimeout(painted, PAINT_MS_MAX)
})
await import('./page.ts')

export {}
